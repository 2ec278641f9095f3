/** Answers of a tenant's quota, as plain data: whoever asks need not know how it is stored. */

/** Whether a session may be opened. */
export type SlotAnswer = { readonly ok: true } | { readonly ok: false };

export interface TenantUsage {
  /** Today, UTC: `2026-11-21`. */
  readonly day: string;
  /** Seconds of audio counted today: stored, or reserved for being stored. */
  readonly seconds: number;
  readonly openSessions: number;
}
