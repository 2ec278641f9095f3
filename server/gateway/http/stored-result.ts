/**
 * Reads a stored result and gives nothing of it out before all of it was checked: against the hash that the room noted, else
 * against the one that R2 noted at its put. Never rejects. What R2 lost, or does not have as it was written, the room can make
 * anew; what it does not give now, nobody can.
 */
import { createHash } from "node:crypto";
import { toHex } from "../../../schemas/chain.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { TimeoutError, withTimeout } from "../../../schemas/lib/timeout.ts";
import { r2TimeoutMs } from "../../shared/config/timings.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import { matchesEtag } from "./ranges.ts";
import { centroidStrip } from "./without-centroids.ts";

/** What is longer is read twice: once for its hash, then for its reader. */
const maxHeldBytes = 8_388_608;

export interface StoredSource {
  readonly bucket: R2Bucket;
  readonly key: string;
  /** Lower-case hex; null where nobody noted it. */
  readonly sha256: string | null;
  readonly ifNoneMatch: string | undefined;
  /** Whether the clusters' centroids are given out. */
  readonly hasCentroids: boolean;
}

export interface StoredResult {
  readonly etag: string;
  /** Null where the caller has it already. */
  readonly body: ArrayBuffer | ReadableStream | null;
}

class LostError extends Error {
  override readonly name = "LostError";
}

export async function readStored(
  source: StoredSource,
  traceId: string,
): Promise<Result<StoredResult, "lost" | "unreadable">> {
  try {
    return ok(await read(source));
  } catch (cause) {
    log.warn("result.not_read", { trace_id: traceId, key: source.key, error: describeError(cause) });
    return err(cause instanceof LostError ? "lost" : "unreadable");
  }
}

async function read({ bucket, key, sha256, ifNoneMatch, hasCentroids }: StoredSource): Promise<StoredResult> {
  const object = await get(bucket, key);
  // Other bytes have another name.
  const etag = hasCentroids ? object.httpEtag : object.httpEtag.replace(/"$/, '-voiceless"');
  const wanted = expectedOf(object, sha256);
  if (object.size > maxHeldBytes) {
    await expectHash(object.body, wanted);
    if (matchesEtag(ifNoneMatch, etag)) return { etag, body: null };
    const again = await get(bucket, key, { onlyIf: { etagMatches: object.etag } });
    return { etag, body: hasCentroids ? again.body : again.body.pipeThrough(centroidStrip()) };
  }
  const body = await orLost(withTimeout(object.arrayBuffer(), r2TimeoutMs, "R2 get"));
  const hash = createHash(wanted.algorithm).update(new Uint8Array(body)).digest();
  expectSame(toHex(hash), wanted.hex);
  if (matchesEtag(ifNoneMatch, etag)) return { etag, body: null };
  return { etag, body: hasCentroids ? body : new Blob([body]).stream().pipeThrough(centroidStrip()) };
}

async function get(bucket: R2Bucket, key: string, options: R2GetOptions = {}): Promise<R2ObjectBody> {
  const object = await withTimeout(bucket.get(key, options), r2TimeoutMs, "R2 get");
  if (!object || !("body" in object)) throw new LostError("R2 does not have it");
  return object;
}

function expectedOf({ checksums }: R2Object, sha256: string | null): { algorithm: "sha256" | "md5"; hex: string } {
  if (sha256 !== null) return { algorithm: "sha256", hex: sha256 };
  const { md5 } = checksums;
  if (!md5) throw new LostError("nothing says what its bytes must be");
  return { algorithm: "md5", hex: toHex(new Uint8Array(md5)) };
}

async function expectHash(body: ReadableStream<Uint8Array>, wanted: ReturnType<typeof expectedOf>): Promise<void> {
  const hash = createHash(wanted.algorithm);
  const readAll = async (): Promise<void> => {
    for await (const part of body) hash.update(part);
  };
  await orLost(readAll());
  expectSame(toHex(hash.digest()), wanted.hex);
}

/** An object whose bytes do not come is there in name alone; one that takes too long may yet give them. */
async function orLost<T>(reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (cause) {
    if (cause instanceof TimeoutError) throw cause;
    throw new LostError(describeError(cause));
  }
}

function expectSame(hash: string, wanted: string): void {
  if (hash !== wanted) throw new LostError("R2 holds other bytes than were written");
}
