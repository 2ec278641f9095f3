/** What a bad tenant can do, by name: data alone, for the options, the process that does it, and the report. */

export const abuseKinds = {
  frames:
    "new seconds on four tracks of two sessions, as fast as the sockets take them, acks unread, at once again when closed",
  requests: "state, events and resolve bodies of 4 MB, with one token and one API key",
  drop: "connections to one session, opened and dropped by one token",
} as const;

export type AbuseKind = keyof typeof abuseKinds;
export const allAbuse = Object.keys(abuseKinds) as AbuseKind[];

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

/** `stop`: report what happened, and end. */
export type AbuseOrder = { readonly type: "start"; readonly plan: AbusePlan } | { readonly type: "stop" };
export type AbuseWord = { readonly type: "ready" } | { readonly type: "tallies"; readonly tallies: Tallies };
