import type { Step } from '../json-bytes.ts';
import { TRUNCATED } from './partial.ts';
import type { Stage } from './schema.ts';

/** The spans in which a reading of {@link RECORD} leaves what it found, a string with its quotes. */
export const FOUND = {
  /** From `"user"` to the user agent: all that is known of who made the request. */
  actor: 1,
  requestURI: 2,
  verb: 3,
  resource: 4,
  namespace: 5,
  name: 6,
  apiGroup: 7,
  subresource: 8,
  status: 9,
  message: 10,
  reason: 11,
  requestObject: 12,
  responseObject: 13,
  /** A position in {@link STAGES}. */
  stage: 14,
  /** A position in {@link DECISIONS}, or what stands for none. */
  decision: 15,
  /** 0 for a record without a status. */
  code: 16,
  /** 1 for a record with an `objectRef`, whose other fields are then known. */
  hasObject: 17,
  /** Always empty. */
  nothing: 18,
} as const;

export const STAGES: readonly Stage[] = ['ResponseComplete', 'ResponseStarted', 'RequestReceived', 'Panic'];
export const DECISIONS = ['allow', 'forbid'];
/** Where a record has no annotations, or has none that is a decision. */
export const NO_ANNOTATIONS = DECISIONS.length;
const NO_DECISION = DECISIONS.length + 1;
/** Longer users are not remembered. */
const MAX_ACTOR_BYTES = 8192;

/** One annotation. As for JSON.parse, the last decision counts where there are several. */
const ANNOTATION: readonly Step[] = [
  [
    'if',
    '"authorization.k8s.io/decision":',
    [['one of', DECISIONS.map((decision) => `"${decision}"`), FOUND.decision]],
    [['if', `"${TRUNCATED}":`, [['fail']], [['plain string'], ['string', ':']]]],
  ],
];

/** A whole record in the form that kube-apiserver writes, in the order of its own structs and with nothing twice. */
export const RECORD: readonly Step[] = [
  ['string', '{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":'],
  ['string', ',"auditID":'],
  ['one of', STAGES.map((stage) => `,"stage":"${stage}"`), FOUND.stage],
  ['string', ',"requestURI":', FOUND.requestURI],
  ['string', ',"verb":', FOUND.verb],
  ['take', ','],
  [
    'span',
    FOUND.actor,
    // Its bytes are looked up as a whole, so that they need not be read; where the user ends is only a guess.
    [
      ['take', '"user":'],
      ['skip to', ',"sourceIPs":', MAX_ACTOR_BYTES],
      ['value?', ',"sourceIPs":'],
      ['string?', ',"userAgent":'],
    ],
  ],
  [
    'if',
    ',"objectRef":{"resource":',
    [
      ['note', FOUND.hasObject, 1],
      ['string', '', FOUND.resource],
      ['string?', ',"namespace":', FOUND.namespace],
      ['string?', ',"name":', FOUND.name],
      ['string?', ',"uid":'],
      ['string?', ',"apiGroup":', FOUND.apiGroup],
      ['string?', ',"apiVersion":'],
      ['string?', ',"resourceVersion":'],
      ['string?', ',"subresource":', FOUND.subresource],
      ['take', '}'],
    ],
  ],
  [
    'if',
    ',"responseStatus":{"metadata":{}',
    [
      [
        'if',
        ',"code":',
        [],
        [
          ['string?', ',"status":', FOUND.status],
          ['string?', ',"message":', FOUND.message],
          ['string?', ',"reason":', FOUND.reason],
          ['value?', ',"details":'],
          ['take', ',"code":'],
        ],
      ],
      ['three digits', FOUND.code],
      ['take', '}'],
    ],
  ],
  ['value?', ',"requestObject":', FOUND.requestObject],
  ['value?', ',"responseObject":', FOUND.responseObject],
  ['string', ',"requestReceivedTimestamp":'],
  ['string', ',"stageTimestamp":'],
  ['note', FOUND.decision, NO_ANNOTATIONS],
  [
    'if',
    ',"annotations":{',
    [
      ['note', FOUND.decision, NO_DECISION],
      ['list', ANNOTATION],
      ['take', '}'],
    ],
  ],
  ['take', '}'],
];
