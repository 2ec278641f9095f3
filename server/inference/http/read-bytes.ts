import { err, ok, type Result } from "../../../schemas/lib/result.ts";

/** Reads a body, stopping at the first byte beyond `maxBytes`: a size is not to be believed before it is read. */
export async function readBytesUpTo(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Result<Uint8Array<ArrayBuffer>, "too_large">> {
  const parts: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the body.
  for await (const part of body ?? []) {
    size += part.byteLength;
    if (size > maxBytes) return err("too_large");
    parts.push(part);
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.byteLength;
  }
  return ok(all);
}
