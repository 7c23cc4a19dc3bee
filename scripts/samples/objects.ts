import type { Json } from './k8s-event.ts';
import { uuidOf } from './random.ts';
import { resourceVersionAt, seconds } from './time.ts';

type Meta = {
  kind: string;
  apiVersion: string;
  name: string;
  namespace?: string;
  at: number;
  /** The moment of creation, when it is not `at`. */
  created?: number;
  manager: string;
  operation?: 'Apply' | 'Update';
  labels?: Json;
  annotations?: Json;
  generateName?: string;
  generation?: number;
  owner?: { kind: string; apiVersion: string; name: string; uid: string };
};

/** The key by which the API server tells the members of a list apart, as managedFields writes it. */
function listKey(item: Json): string | undefined {
  for (const keys of [['containerPort', 'protocol'], ['port', 'protocol'], ['mountPath'], ['uid'], ['name'], ['type']])
    if (keys.every((key) => item[key] !== undefined))
      return `k:${JSON.stringify(Object.fromEntries(keys.map((key) => [key, item[key]])))}`;
  return undefined;
}

/** The fieldsV1 set of an object: which of its fields a manager owns. */
function fieldsOf(value: unknown): Json {
  if (Array.isArray(value)) {
    const members = value.map(
      (item) => [typeof item === 'object' && item ? listKey(item as Json) : undefined, item] as const,
    );
    return Object.fromEntries(members.flatMap(([key, item]) => (key ? [[key, { '.': {}, ...fieldsOf(item) }]] : [])));
  }
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [`f:${key}`, fieldsOf(item)]));
}

const ownersOf = ({ owner }: Meta) =>
  owner && {
    ownerReferences: [
      {
        apiVersion: owner.apiVersion,
        kind: owner.kind,
        name: owner.name,
        uid: owner.uid,
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };

export const uidOf = (kind: string, namespace: string | undefined, name: string): string =>
  uuidOf(`${kind}/${namespace ?? ''}/${name}`);

/** The object as a client sends it. */
export function sent(meta: Meta, body: Json): Json {
  const { kind, apiVersion, name, namespace, labels, annotations, generateName } = meta;
  return {
    kind,
    apiVersion,
    metadata: {
      ...(generateName ? { generateName } : { name }),
      ...(namespace && { namespace }),
      creationTimestamp: null,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...ownersOf(meta),
    },
    ...body,
  };
}

/** The object as the API server stores and returns it. */
export function stored(meta: Meta, body: Json): Json {
  const {
    kind,
    apiVersion,
    name,
    namespace,
    at,
    created = at,
    manager,
    operation = 'Update',
    labels,
    annotations,
    generateName,
    generation,
  } = meta;
  const owners = ownersOf(meta);
  const { status: _status, ...owned } = body;
  return {
    kind,
    apiVersion,
    metadata: {
      name,
      ...(generateName && { generateName }),
      ...(namespace && { namespace }),
      uid: uidOf(kind, namespace, name),
      resourceVersion: resourceVersionAt(at),
      ...(generation && { generation }),
      creationTimestamp: seconds(created),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ...owners,
      managedFields: [
        {
          manager,
          operation,
          apiVersion,
          time: seconds(at),
          fieldsType: 'FieldsV1',
          fieldsV1: {
            'f:metadata': fieldsOf({
              ...(generateName && { generateName }),
              ...(labels && { labels }),
              ...(annotations && { annotations }),
              ...owners,
            }),
            ...fieldsOf(owned),
          },
        },
      ],
    },
    ...body,
  };
}
