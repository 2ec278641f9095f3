/** Kept audio, from the room while it is there and from R2 after that. */
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import { type Sha256, toHex } from "../../../schemas/chain.ts";
import type { Tracks } from "../tracks/tracks.ts";
import type { KeptChunk } from "../tracks/kept-chunks.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import type { SessionName } from "../core/session-name.ts";
import type { ReadBucket } from "./bucket.ts";
import { chunkKey } from "./keys.ts";
import type { RecentChunks } from "./recent-chunks.ts";

const getTimeoutMs = 30_000;

/** What it takes to read a chunk that is kept. */
export interface ChunkSource {
  readonly bucket: ReadBucket;
  readonly session: SessionName;
  readonly sha256: Sha256;
}

export interface ChunkReaderDeps extends ChunkSource {
  readonly tracks: Tracks;
  readonly recent: Pick<RecentChunks, "get">;
}

/** R2 answered, and does not have what it said it has. Asking again won't help. */
export class ChunkLostError extends Error {
  override readonly name = "ChunkLostError";
}

export interface KeptAudio {
  /** Samples as s16le, every chunk in its place; silence where none is kept. */
  readonly pcm: Uint8Array<ArrayBuffer>;
  /** Chunks that are in it. */
  readonly seqs: readonly number[];
}

/** A run of a track, both ends included. Rejects where R2 can't give a chunk, or gives other bytes than it was given. */
export async function readChunks(deps: ChunkReaderDeps, track: string, from: number, to: number): Promise<KeptAudio> {
  const kept = deps.tracks.kept.within(track, from, to);
  const pcm = new Uint8Array((to - from + 1) * chunkBytes);
  const recent = (seq: number): ArrayBuffer | undefined => deps.recent.get(chunkKey(deps.session, track, seq));
  const parts = await Promise.all(
    kept.map(async (chunk) => verified(deps, chunk, recent(chunk.seq)) ?? readChunk(deps, track, chunk)),
  );
  kept.forEach(({ seq }, i) => pcm.set(new Uint8Array(parts[i] ?? new ArrayBuffer(0)), (seq - from) * chunkBytes));
  return { pcm, seqs: kept.map(({ seq }) => seq) };
}

/** One kept chunk's bytes. Rejects, where they are gone for good with a `ChunkLostError`. */
export async function readChunk(
  deps: ChunkSource,
  track: string,
  { seq, sha256, pcm }: KeptChunk,
): Promise<ArrayBuffer> {
  if (pcm) return pcm;
  const key = chunkKey(deps.session, track, seq);
  const bytes = await withTimeout(read(deps.bucket, key), getTimeoutMs, "R2 get");
  const found = verified(deps, { sha256 }, bytes);
  if (!found) throw new ChunkLostError(`R2 holds other bytes than were kept: ${key}`);
  return found;
}

/** @returns the bytes, if their SHA-256 is the one that the chunk was kept with; else undefined. */
function verified(
  { sha256 }: Pick<ChunkSource, "sha256">,
  kept: Pick<KeptChunk, "sha256">,
  bytes: ArrayBuffer | undefined,
): ArrayBuffer | undefined {
  if (!bytes) return undefined;
  return toHex(sha256(new Uint8Array(bytes))) === toHex(new Uint8Array(kept.sha256)) ? bytes : undefined;
}

async function read(bucket: ReadBucket, key: string): Promise<ArrayBuffer> {
  const object = await bucket.get(key);
  if (!object) throw new ChunkLostError(`R2 lacks an archived chunk: ${key}`);
  return object.arrayBuffer();
}
