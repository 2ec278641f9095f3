/** No body is waited for without end, whoever reads it. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { noBodySchema, readJsonBody } from "../../server/shared/http/read-json-body.ts";
import { bodyPatience, partsOf } from "../../server/shared/lib/read-body.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A body of which a part comes every so often, for ever, or once. */
function slowBody(everyMs: number | undefined): { body: ReadableStream<Uint8Array>; isCancelled: () => boolean } {
  let isCancelled = false;
  let timer: ReturnType<typeof setInterval> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(Uint8Array.of(0x7b));
      if (everyMs !== undefined) timer = setInterval(() => controller.enqueue(Uint8Array.of(0x20)), everyMs);
    },
    cancel: () => {
      isCancelled = true;
      clearInterval(timer);
    },
  });
  return { body, isCancelled: () => isCancelled };
}

async function all(body: ReadableStream<Uint8Array>): Promise<void> {
  for await (const part of partsOf(body)) expect(part.byteLength).toBe(1);
}

test.each([
  ["stops", undefined, bodyPatience.silenceMs],
  ["comes a byte at a time", bodyPatience.silenceMs - 1, bodyPatience.wholeMs],
])("[L17] a body that %s is given up", async (_, everyMs, afterMs) => {
  const { body, isCancelled } = slowBody(everyMs);
  const read = all(body).then(
    () => "read",
    () => "given up",
  );
  await vi.advanceTimersByTimeAsync(afterMs - 1);
  expect(isCancelled()).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect([await read, isCancelled()]).toEqual(["given up", true]);
});

test("[L17] to whoever sent JSON so, it broke off", async () => {
  const { body } = slowBody(undefined);
  const request = new Request("http://gateway.test/", { method: "POST", body, duplex: "half" });
  const read = readJsonBody(request, noBodySchema, 1_000);
  await vi.advanceTimersByTimeAsync(bodyPatience.silenceMs);
  expect(await read).toEqual({ ok: false, error: "body_broke_off" });
});
