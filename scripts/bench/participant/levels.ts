/** Sound that says which piece it is: each has a level of its own, and comes back only after a minute of others. Pure. */
const [lowest, step, levels] = [2_000, 40, 600];

/** @returns s16le, mono, 16 kHz. */
export function pieceOf(n: number, ms: number): Int16Array {
  return new Int16Array(16 * ms).fill(levelFor(n));
}

export function levelFor(n: number): number {
  return lowest + step * (n % levels);
}

/** @returns the level of the loudest sample; 0 where nothing is said. */
export function levelOf(pcm: Uint8Array): number {
  const view = new DataView(pcm.buffer, pcm.byteOffset, pcm.byteLength);
  let highest = 0;
  for (let at = 0; at + 1 < pcm.byteLength; at += 2) highest = Math.max(highest, view.getInt16(at, true));
  return highest;
}

export function bytesOf(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}
