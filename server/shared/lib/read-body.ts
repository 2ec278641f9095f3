import { err, ok, type Result } from "../../../schemas/lib/result.ts";

/** Reads a body as UTF-8 text, stopping at the first byte beyond `maxBytes`: a size is not to be believed before it is read. */
export async function readTextUpTo(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Result<string, "too_large">> {
  if (!body) return ok("");
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let text = "";
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return ok(text + decoder.decode());
    size += value.byteLength;
    if (size > maxBytes) {
      await reader.cancel();
      return err("too_large");
    }
    text += decoder.decode(value, { stream: true });
  }
}
