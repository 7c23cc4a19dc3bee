import * as z from 'zod';
import { asObject, objectOf } from './object.ts';
import type { AuditEvent } from './schema.ts';

const text = z.string().optional().catch(undefined);
const spec = z.object({
  hostPath: z.object({ path: text, type: text }).optional().catch(undefined),
  local: z.object({ path: text }).optional().catch(undefined),
  csi: z.object({ driver: text }).optional().catch(undefined),
  claimRef: z.object({ namespace: text, name: text }).optional().catch(undefined),
  storageClassName: text,
  accessModes: z.array(z.string()).optional().catch(undefined),
});

/** The parts of a PersistentVolume's spec that detectors judge; fields of an unexpected type are absent. */
export type PersistentVolumeSpec = z.infer<typeof spec>;

/**
 * The spec of the PersistentVolume that the request leaves behind. An answer without a spec (a client may ask for
 * metadata only) is passed over for what was sent.
 */
export function persistentVolumeSpecOf(event: AuditEvent): PersistentVolumeSpec | undefined {
  const raw = asObject(objectOf(event)?.spec) ?? asObject(asObject(event.requestObject)?.spec);
  const parsed = spec.safeParse(raw);
  return parsed.success ? parsed.data : undefined;
}
