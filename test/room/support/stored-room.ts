/**
 * Rooms as an earlier version left them: dumps of their tables, put into a room's storage before anything opens it. The
 * dumps are moved in time, as if the room had been written just before the test.
 */
import { inject } from "vitest";
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import { bindings } from "./bindings.ts";
import { clock } from "./clock.ts";
import { RoomUnderTest } from "./room.ts";

/** When the dumps of commit a709430 were made, ms since 1970. */
const firstDumpedAt = 1_795_861_212_000;

/** Second `n` of the recording that both rooms were given, from 1: chunk `n` of every track. */
export function sampleSecond(n: number): Uint8Array<ArrayBuffer> {
  const seconds = Uint8Array.fromBase64(inject("sampleSeconds"));
  if (n * chunkBytes > seconds.byteLength) throw new Error(`the sample has no second ${n}`);
  return seconds.slice((n - 1) * chunkBytes, n * chunkBytes);
}

/**
 * Loads a dump into the storage of a room that was never opened, and the archived chunks into R2.
 * @param dumpedAt when the dump was made, ms since 1970.
 * @returns the room, and by how much its times were moved, ms.
 */
export async function storedRoom(
  sessionId: string,
  dump: string,
  archived: Readonly<Record<string, readonly number[]>>,
  dumpedAt = firstDumpedAt,
): Promise<{ room: RoomUnderTest; movedMs: number }> {
  const room = new RoomUnderTest(sessionId);
  const movedMs = clock.now() - dumpedAt;
  const moved = dump.replaceAll(/\b179\d{10}\b/g, (ms) => String(Number(ms) + movedMs));
  await room.inside(async (storage) => {
    await storage.put("__ps_name", `default/${sessionId}`);
    storage.sql.exec(moved);
  });
  for (const [track, seqs] of Object.entries(archived)) {
    for (const seq of seqs) await bindings.RESULT_BUCKET.put(room.key(seq, track), sampleSecond(seq));
  }
  return { room, movedMs };
}
