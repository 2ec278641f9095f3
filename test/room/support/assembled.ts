/** Tracks that are kept and in R2, and the one file that finalize makes of each. */
import { createHash } from "node:crypto";
import { expect } from "vitest";
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import { type SessionResult, sessionResultSchema } from "../../../schemas/http/result.ts";
import { pcmOf } from "./audio.ts";
import { bindings } from "./bindings.ts";
import { bucketFaults } from "./bucket-faults.ts";
import { Client } from "./client.ts";
import { newSession, RoomUnderTest } from "./room.ts";

export const headerBytes = 44;
/** So long that R2 gets it in three parts of 200 s. */
export const longSeconds = 450;
export const longSeqs = [1, 2, 3, 200, 201, 401, longSeconds];

/** The audio of a track of which these seconds are kept. */
export function pcmWith(seqs: readonly number[], seconds: number, samples = seconds * 16_000): Uint8Array {
  const pcm = new Uint8Array(seconds * chunkBytes);
  for (const seq of seqs) pcm.set(pcmOf(seq), (seq - 1) * chunkBytes);
  return pcm.subarray(0, samples * 2);
}

/** Equality of megabytes, without a report of every one. */
export function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.byteLength).toBe(expected.byteLength);
  if (hex(actual) === hex(expected)) return;
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  expect(at, "the first byte that differs").toBe(-1);
}

function hex(bytes: Uint8Array): string {
  return [...createHash("sha256").update(bytes).digest()].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** A room of which these seconds are kept and in R2. */
export async function archived(
  seqs: readonly number[],
  track?: string,
): Promise<{ room: RoomUnderTest; client: Client }> {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId, { encoding: "msgpack", ...(track ? { track } : {}) });
  await client.keepAll(seqs);
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  return { room, client };
}

export const finalized = (room: RoomUnderTest) => async (): Promise<boolean> => (await room.status()) === "finalized";

export async function resultOf(room: RoomUnderTest): Promise<SessionResult> {
  const object = await bindings.RESULT_BUCKET.get(`sessions/${room.sessionId}/result.json`);
  return sessionResultSchema.parse(await object?.json());
}

export async function storedWav(room: RoomUnderTest, track = "mixed"): Promise<Uint8Array | undefined> {
  const object = await bindings.RESULT_BUCKET.get(`sessions/${room.sessionId}/audio/${track}.wav`);
  return object ? new Uint8Array(await object.arrayBuffer()) : undefined;
}

/** The one WAV of a finalized room, which is what the result says it is. */
export async function expectAssembled(room: RoomUnderTest, pcm: Uint8Array): Promise<void> {
  const stored = await storedWav(room);
  if (!stored) throw new Error("there is no WAV in R2");
  expectSame(stored.subarray(headerBytes), pcm);
  const [entry] = (await resultOf(room)).audio;
  const key = `sessions/${room.sessionId}/audio/mixed.wav`;
  expect(entry?.wav).toEqual({ key, bytes: stored.byteLength, sha256: hex(stored) });
  expect((await room.storedKeys()).filter((name) => name.includes("/audio/"))).toEqual([key]);
}

export async function expectNothingLeft(room: RoomUnderTest, uploads = 0): Promise<void> {
  expect(bucketFaults(room.sessionId).openUploads.size, "uploads left open in R2").toBe(uploads);
  expect(await room.count("wav_parts")).toBe(0);
}
