/** What a bad tenant can do, by name: data alone, for the options, the process that does it, and the report. */

export const abuseKinds = {
  frames:
    "new seconds on four tracks of two sessions, as fast as the sockets take them, acks unread, at once again when closed",
  heedless: "the same on two tracks whose burst is used up: all is refused, and what says so is not listened to",
  connections: "connections to one session, opened and dropped by one token",
  sessions: "a session opened for every connection, each with a token of another subject",
  http: "state, events and resolve bodies of 4 MB, with one token and one API key",
  "bad-frames":
    "frames that can't be read, 31 in a row and then a good one, so that the connection is never ended for it",
  control: "well-formed `status` and `hello` messages",
  credentials: "tokens and API keys that are no good, over HTTP and on sockets",
  burn: "nothing asked of the gateway: a core kept busy, to see what sharing the machine alone costs",
} as const;

export type AbuseKind = keyof typeof abuseKinds;
/** `burn` is a yardstick, no abuse. */
export const allAbuse = (Object.keys(abuseKinds) as AbuseKind[]).filter((kind) => kind !== "burn");

/** What the bad tenant's process is started with. */
export interface AbusePlan {
  /** `http://host:port`, without a slash at the end. */
  readonly url: string;
  readonly kinds: readonly AbuseKind[];
  readonly seed: number;
  readonly tenant: string;
  readonly secret: string;
  readonly apiKey: string;
}

/** How often what happened, by kind. */
export type Tallies = Readonly<Partial<Record<AbuseKind, Readonly<Record<string, number>>>>>;

/** `drain`: use up the bursts of `heedless`, and say so. `stop`: tell what happened, and end. */
export type AbuseOrder = { readonly type: "drain" | "start"; readonly plan: AbusePlan } | { readonly type: "stop" };
export type AbuseWord =
  | { readonly type: "ready" | "drained" }
  | { readonly type: "tallies"; readonly tallies: Tallies };
