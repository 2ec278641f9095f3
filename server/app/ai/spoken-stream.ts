/**
 * A model's audio on its way to whoever hears it: begun, so that there is no answer before its first bytes are those of sound; broken off where the
 * model falls silent or fails, so that a part never passes for the whole; and ended with its reader. Says once how it ended.
 */
import type { CallOutcome } from "../../../schemas/billing/usage.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { ModelError } from "./ports.ts";
import type { Look } from "./spoken-kind.ts";

type Reader = ReadableStreamDefaultReader<Uint8Array>;

export interface Begun {
  readonly first: Uint8Array;
  readonly reader: Reader;
}

/**
 * Reads as much of a body as tells what it is.
 * @param look at the first bytes. @returns undefined where it is not what it is called; then it was cancelled.
 */
export async function begin(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  look: (bytes: Uint8Array, isAll: boolean) => Look,
): Promise<Begun | undefined> {
  const reader = body.getReader();
  const leave = (): void => void reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", leave, { once: true });
  let first: Uint8Array = new Uint8Array();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      first = value ? joined(first, value) : first;
      const seen = look(first, done);
      if (seen === "right") return { first, reader };
      if (seen === "wrong" || done) {
        leave();
        return undefined;
      }
    }
  } finally {
    signal.removeEventListener("abort", leave);
  }
}

function joined(before: Uint8Array, next: Uint8Array): Uint8Array {
  if (before.byteLength === 0) return next;
  const both = new Uint8Array(before.byteLength + next.byteLength);
  both.set(before);
  both.set(next, before.byteLength);
  return both;
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
