import type * as z from './zod.ts';

/** Who, what and where, under the same names on every alert whatever the source. */
export interface EventContext {
  readonly event: {
    readonly source: string;
    /** The provider's own id: `auditID` or `eventID`. */
    readonly id: string;
    /** RFC 3339, UTC; absent where the record carries no readable time. */
    readonly time?: string | undefined;
    readonly action: string;
    readonly outcome: string;
    readonly cluster?: string | undefined;
    readonly account?: string | undefined;
    readonly region?: string | undefined;
    readonly requestUri?: string | undefined;
    /** Only where it is known that parts of the event are missing. */
    readonly partial?: true | undefined;
  };
  readonly actor: Actor;
  readonly target: Target;
}

export interface Actor {
  readonly username?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly impersonatedUsername?: string | undefined;
  readonly impersonatedGroups?: readonly string[] | undefined;
  /** The IAM identity as it called, session included. */
  readonly arn?: string | undefined;
  /** The role or user behind `arn`, without the session name that its holder chose. */
  readonly principalArn?: string | undefined;
  readonly accessKeyId?: string | undefined;
  readonly sessionName?: string | undefined;
  readonly sourceIp?: string | undefined;
  /** Addresses that the client put before its own in X-Forwarded-For. */
  readonly forwardedFor?: readonly string[] | undefined;
  readonly userAgent?: string | undefined;
  /** Which of these fields the client could set to anything. */
  readonly clientChosen?: readonly string[] | undefined;
}

export interface Target {
  readonly resource?: string | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

/** Where a record came from: what the transport knows of it and the record itself may not say. */
export interface Origin {
  readonly file?: string | undefined;
  /** 1-based line of `file`, or 1-based record number inside one JSON document. */
  readonly line?: number | undefined;
  readonly logGroup?: string | undefined;
  readonly logStream?: string | undefined;
  readonly account?: string | undefined;
  readonly region?: string | undefined;
  readonly cluster?: string | undefined;
  /** When the transport received the record, in milliseconds since 1970. */
  readonly receivedAt?: number | undefined;
}

/**
 * What shared code needs to know of a log source. Whatever differs by source is answered here, so that nothing else
 * asks which source it has.
 */
export interface Source<E, W> {
  readonly schema: z.ZodMiniType<E>;
  /** Whether a parsed JSON value claims to be an event of this source. */
  recognises(value: object): boolean;
  /**
   * An event made of what is whole in the beginning of one's JSON, or `undefined` where that is too little to judge by.
   * Absent for a source whose events arrive whole or not at all.
   */
  salvage?(text: string): object | undefined;
  /** Whether it is known that parts of an event are missing; absent for never. */
  isPartial?(event: E): boolean;
  /** The index keys of a record that was not parsed yet; `undefined` where it takes parsing to tell, or to be an event. */
  glance(record: object): readonly string[] | undefined;
  /**
   * When a record that was not parsed yet happened, as far as it says so, in milliseconds since 1970. Absent for a source
   * whose transport always says it.
   */
  timeOf?(record: object): number | undefined;
  /** The index keys under which a detector with this `when` is filed. */
  selects(when: W): readonly string[];
  /** The index keys under which detectors for this event may be filed. */
  answers(event: E): readonly string[];
  /** The conditions of `when` that the index does not decide. */
  admits(when: W, event: E): boolean;
  /** What makes this event the same event when it is delivered again, or logged at another stage. */
  eventKey(event: E): string;
  context(event: E, origin: Origin): EventContext;
}
