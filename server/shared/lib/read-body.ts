/** Reading a body that somebody else sends: no further than it may go, and not for ever. */
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";

/** How long a body may stop arriving, and how long all of it may take (SPEC L17). */
export const bodyPatience = { silenceMs: 15_000, wholeMs: 600_000 } as const;

/** The parts of a body as they come. Leaving it cancels the body. @throws TimeoutError where they stop, or take too long together. */
export async function* partsOf(body: ReadableStream<Uint8Array> | null): AsyncGenerator<Uint8Array, void> {
  if (!body) return;
  const reader = body.getReader();
  const until = Date.now() + bodyPatience.wholeMs;
  let isDone = false;
  try {
    for (;;) {
      const waitMs = Math.max(1, Math.min(bodyPatience.silenceMs, until - Date.now()));
      const { done, value } = await withTimeout(reader.read(), waitMs, "the next part of a body");
      isDone = done;
      if (done) return;
      yield value;
    }
  } finally {
    if (!isDone) await reader.cancel();
  }
}

/**
 * Reads a body as UTF-8 text, stopping at the first byte beyond `maxBytes`: a size is not to be believed before it is read. Bytes
 * that are no UTF-8 are refused, since a replaced character is one that nobody gets back. A byte order mark is passed over.
 */
export async function readTextUpTo(
  body: ReadableStream<Uint8Array> | null,
  maxBytes: number,
): Promise<Result<string, "too_large" | "not_utf8">> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
  const pieces: string[] = [];
  let size = 0;
  // What is no text is read to its end all the same: a body left unread is a connection that is cut.
  const state = { isText: true };
  const decode = (part?: Uint8Array): void => {
    try {
      if (state.isText) pieces.push(decoder.decode(part, { stream: part !== undefined }));
    } catch {
      state.isText = false;
    }
  };
  for await (const part of partsOf(body)) {
    size += part.byteLength;
    if (size > maxBytes) return err("too_large");
    decode(part);
  }
  decode();
  return state.isText ? ok(pieces.join("")) : err("not_utf8");
}
