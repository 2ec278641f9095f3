/** What a tenant's quota tells of it: data, apart from how it is kept, so that whoever asks need not know. */

/** Whether a session may be opened. */
export type SlotAnswer = { readonly ok: true } | { readonly ok: false };

export interface TenantUsage {
  /** Today, UTC: `2026-11-21`. */
  readonly day: string;
  /** Seconds of audio counted today: stored, or reserved for being stored. */
  readonly seconds: number;
  readonly openSessions: number;
}
