import { orAbsent, text } from '../fields.ts';
import * as z from '../zod.ts';
import { asObject, objectOf } from './object.ts';
import type { AuditEvent } from './schema.ts';

const spec = z.object({
  hostPath: orAbsent(z.object({ path: text, type: text })),
  local: orAbsent(z.object({ path: text })),
  csi: orAbsent(z.object({ driver: text })),
  claimRef: orAbsent(z.object({ namespace: text, name: text })),
  storageClassName: text,
  accessModes: orAbsent(z.array(z.string())),
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
