/**
 * Every timing of the gateway that no variable sets, each with the reason for its length. A time that the contract announces
 * is a limit (`schemas/limits.ts`).
 */

// ---- calls to the platform

/** One call to R2: a slow one takes seconds; beyond this it is lost. */
export const r2TimeoutMs = 30_000;
/** A page of the list of sessions: a D1 that wakes up takes some seconds. */
export const d1ListTimeoutMs = 15_000;
/** The row of an API key, which every request waits for. */
export const d1KeyTimeoutMs = 5_000;

/**
 * How often a room looks whether the API keys of its connections are still good: each ends within a minute of its key's
 * revocation, at one read a minute.
 */
export const keyRecheckMs = 55_000;

// ---- requests

/** The window of `requestsPerMinute`. */
export const requestWindowMs = 60_000;
/** How long a browser remembers a preflight: the most that any of them keeps (Chromium). */
export const preflightMaxAgeS = 7_200;
/** How often a quiet stream of server-sent events shows that it lives: proxies cut what is silent for 30 s or 60 s. */
export const heartbeatMs = 15_000;

// ---- limits

/** The rate limiter, which each request waits for: about ten times what an object of the same region takes. */
export const limiterTimeoutMs = 500;
/** A slot for a new session: its first connection waits for it. */
export const slotTimeoutMs = 2_000;
/** What a room asks a tenant's quota in the background: nobody waits. */
export const quotaTimeoutMs = 5_000;
/** How often a tenant's quota deletes rows that are over: they are few and small. */
export const quotaSweepMs = 3_600_000;
/** How long a session's slot waits for its room to confirm it: the room may have died before it could. */
export const slotUnconfirmedMs = 600_000;
/** How long a closed session stays in its tenant's quota: far longer than a call can be late, and open it again. */
export const slotClosedMs = 86_400_000;
/** How long a lease of audio may stay unanswered before it counts as lost. What it grants after all still holds. */
export const leaseLostMs = 10_000;
/** Wait after a failed lease of audio, doubled each time up to the longest. */
export const leaseBackoffMs = { first: 1_000, longest: 60_000 } as const;
/** How often an exhausted quota is asked again: it may be raised at any time. */
export const leaseAskAgainMs = 60_000;
/** When a client refused for debt should try again: an answer is on its way. */
export const leasePendingRetryMs = 1_000;

// ---- readiness

/** How long an answer of `GET /ready` is good: whoever asks more often learns nothing new. */
export const readyLookEveryMs = 5_000;
/** What does not answer in this time is as good as down to whoever waits for it. */
export const readyTimeoutMs = 2_000;
