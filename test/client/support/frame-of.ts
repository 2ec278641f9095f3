import type { OutboxFrame } from "../../../client/capture/outbox.ts";

/** A second whose bytes tell its number. */
export function frameOf(seq: number, timestampMs = 1_700_000_000_000 + seq * 1_000): OutboxFrame {
  return { seq, timestampMs, pcm: Uint8Array.from({ length: 32_000 }, (_, i) => (i * 7 + seq * 31) % 256) };
}
