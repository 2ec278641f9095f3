/** Every timing of the gateway that no variable sets, each with the reason for its length. What the contract announces is a limit (`schemas/limits.ts`). */

// ---- calls to the platform

/** One call to R2: a slow one takes seconds; beyond this it is lost. */
export const r2TimeoutMs = 30_000;
/** A page of the list of sessions: a D1 that wakes up takes some seconds. */
export const d1ListTimeoutMs = 15_000;
/** The row of an API key, which every request waits for. */
export const d1KeyTimeoutMs = 5_000;

// ---- requests

/** The window of `requestsPerMinute`. */
export const requestWindowMs = 60_000;
/** How long a browser remembers a preflight: the most that any of them keeps (Chromium). */
export const preflightMaxAgeS = 7_200;
/** How often a quiet stream of server-sent events shows that it lives: proxies cut what is silent for 30 s or 60 s. */
export const heartbeatMs = 15_000;
