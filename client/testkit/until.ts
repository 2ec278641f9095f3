/** Waits for something outside this process: looks often, and says what it waited for when it never came. */
import { setTimeout as delay } from "node:timers/promises";

const lookEveryMs = 50;

/** @param look answers undefined for "not yet"; what it throws ends the wait. */
export async function until<T>(
  look: () => T | undefined | Promise<T | undefined>,
  { what, timeoutMs = 30_000 }: { what: string | (() => string); timeoutMs?: number },
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadline) {
      throw new Error(`waited ${timeoutMs} ms in vain for ${typeof what === "string" ? what : what()}`);
    }
    await delay(lookEveryMs);
  }
}
