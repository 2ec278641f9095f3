import { err, ok, type Result } from "../../../schemas/lib/result.ts";

/**
 * Reads a body as UTF-8 text, stopping at the first byte beyond `maxBytes`: a size is not to be believed before it is read. Bytes
 * that are no UTF-8 are refused, since a replaced character is one that nobody gets back. A byte order mark is passed over.
 */
export async function readTextUpTo(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Result<string, "too_large" | "not_utf8">> {
  if (!body) return ok("");
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  const reader = body.getReader();
  const pieces: string[] = [];
  let size = 0;
  // What is no text is read to its end all the same: a body left unread is a connection that is cut.
  for (let isText = true; ;) {
    const { done, value } = await reader.read();
    size += value?.byteLength ?? 0;
    if (size > maxBytes) {
      await reader.cancel();
      return err("too_large");
    }
    try {
      if (isText) pieces.push(decoder.decode(value, { stream: !done }));
    } catch {
      isText = false;
    }
    if (done) return isText ? ok(pieces.join("")) : err("not_utf8");
  }
}
