/**
 * Puts one version of the result into R2, in pieces: it is made once to know its length and its hash, and, where it is too long
 * to be held, once more to be sent, so that R2 takes it as a whole, checked, or not at all. No part of it is ever left behind.
 */
import { createHash } from "node:crypto";
import { toHex } from "../../../../schemas/chain.ts";
import { withTimeout } from "../../../../schemas/lib/timeout.ts";
import type { WriteBucket } from "../../archive/bucket.ts";

/** What is no longer than this is held in memory between the two. */
const maxHeldBytes = 4_194_304;
const putTimeoutMs = 30_000;
/** Slower than this, R2 is down. */
const leastBytesPerMs = 500;

export interface Measured {
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
  /** All of it, where it is short. */
  readonly held: Uint8Array<ArrayBuffer> | undefined;
}

type Pieces = () => AsyncIterable<string>;

/** @param pieces gives the same text each time. */
export async function measure(pieces: Pieces): Promise<Measured> {
  const encoder = new TextEncoder();
  const hash = createHash("sha256");
  let bytes = 0;
  let held: Uint8Array[] = [];
  for await (const piece of pieces()) {
    const encoded = encoder.encode(piece);
    hash.update(encoded);
    bytes += encoded.byteLength;
    if (bytes <= maxHeldBytes) held.push(encoded);
    else held = [];
  }
  return { bytes, sha256: toHex(hash.digest()), held: bytes <= maxHeldBytes ? joined(held, bytes) : undefined };
}

/** What R2 takes a text of known length from. */
export type StreamOf = (bytes: number) => { readonly readable: ReadableStream; readonly writable: WritableStream };

export interface PutTarget {
  readonly bucket: WriteBucket;
  readonly streamOf: StreamOf;
}

/** Rejects where R2 does not take it. */
export async function putResult(
  { bucket, streamOf }: PutTarget,
  key: string,
  result: Measured,
  pieces: Pieces,
): Promise<void> {
  const { bytes, sha256, held } = result;
  const options = {
    sha256: Uint8Array.fromHex(sha256).buffer,
    httpMetadata: { contentType: "application/json" },
  };
  const ms = putTimeoutMs + bytes / leastBytesPerMs;
  if (held) await withTimeout(bucket.put(key, held.buffer, options), ms, "R2 put");
  else await putStream(pieces, streamOf(bytes), (body) => withTimeout(bucket.put(key, body, options), ms, "R2 put"));
}

/** The two ends of the stream fail together: what one of them did not expect ends the other. */
async function putStream(
  pieces: Pieces,
  { readable, writable }: ReturnType<StreamOf>,
  put: (body: ReadableStream) => Promise<unknown>,
): Promise<void> {
  const writer = writable.getWriter();
  const encoder = new TextEncoder();
  const pump = async (): Promise<void> => {
    for await (const piece of pieces()) await writer.write(encoder.encode(piece));
    await writer.close();
  };
  const settled = await Promise.allSettled(
    [pump(), put(readable)].map(async (end) => {
      try {
        await end;
      } catch (cause) {
        // An end that is over already has nothing left to break off.
        await writer.abort(cause).catch(() => undefined);
        throw cause;
      }
    }),
  );
  for (const end of settled) if (end.status === "rejected") throw end.reason;
}

function joined(parts: readonly Uint8Array[], bytes: number): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return all;
}
