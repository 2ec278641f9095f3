/**
 * A model's audio on its way to whoever hears it: begun, so that there is no answer without a first byte; broken off where the
 * model falls silent or fails, so that a part never passes for the whole; and ended with its reader. Says once how it ended.
 */
import type { CallOutcome } from "../../../schemas/billing/usage.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { ModelError } from "./ports.ts";

type Reader = ReadableStreamDefaultReader<Uint8Array>;

export interface Begun {
  readonly first: Uint8Array;
  readonly reader: Reader;
}

/** @returns undefined where the body ends without a byte. */
export async function begin(body: ReadableStream<Uint8Array>, signal: AbortSignal): Promise<Begun | undefined> {
  const reader = body.getReader();
  const leave = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", leave, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      if (value.byteLength > 0) return { first: value, reader };
    }
  } finally {
    signal.removeEventListener("abort", leave);
  }
}

/** @param signal of whoever waits. @param silenceMs between two parts. */
export function going(
  { first, reader }: Begun,
  signal: AbortSignal,
  silenceMs: number,
  onEnd: (outcome: CallOutcome) => void,
): ReadableStream<Uint8Array> {
  let isOver = false;
  const end = (outcome: CallOutcome): void => {
    if (isOver) return;
    isOver = true;
    signal.removeEventListener("abort", leave);
    if (outcome !== "ok") void reader.cancel().catch(() => undefined);
    onEnd(outcome);
  };
  const leave = (): void => end("aborted");
  if (signal.aborted) leave();
  else signal.addEventListener("abort", leave);
  return new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(first),
    pull: async (controller) => {
      try {
        const { done, value } = await withTimeout(reader.read(), silenceMs, "the model's next sound");
        if (isOver) throw new ModelError({ reason: "aborted" });
        if (!done) return controller.enqueue(value);
        end("ok");
        controller.close();
      } catch (cause) {
        end("failed");
        controller.error(cause);
      }
      return undefined;
    },
    cancel: () => end("aborted"),
  });
}
