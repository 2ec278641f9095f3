/**
 * The hash chain of a track: one value that commits to every kept second and its place (SPEC H1).
 *
 *   h₀ = SHA-256( UTF-8("roomtone.chain.v1\n" + tenant + "/" + session_id + "/" + track) )
 *   hᵢ = SHA-256( hᵢ₋₁ ‖ uint32be(seqᵢ) ‖ SHA-256(pcmᵢ) )      over the kept chunks in order of seq
 *
 * A gap changes the head because the next seq does. Anyone with the audio can recompute it.
 */
export type Sha256 = (bytes: Uint8Array) => Uint8Array;

export interface HashChain {
  /** Appends the next kept chunk. `seq` must rise. */
  add(seq: number, chunkSha256: Uint8Array): void;
  /** The head so far, in lower-case hex. */
  head(): string;
}

export function createHashChain(name: { tenant: string; sessionId: string; track: string }, sha256: Sha256): HashChain {
  let head = sha256(new TextEncoder().encode(`roomtone.chain.v1\n${name.tenant}/${name.sessionId}/${name.track}`));
  let lastSeq = 0;
  const link = new Uint8Array(32 + 4 + 32);
  const view = new DataView(link.buffer);
  return {
    add(seq, chunkSha256) {
      if (seq <= lastSeq) throw new RangeError(`hash chain: seq ${seq} after ${lastSeq}`);
      lastSeq = seq;
      link.set(head, 0);
      view.setUint32(32, seq);
      link.set(chunkSha256, 36);
      head = sha256(link);
    },
    head: () => toHex(head),
  };
}

export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}
