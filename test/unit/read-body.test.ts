import { expect, test } from "vitest";
import { readTextUpTo } from "../../server/shared/lib/read-body.ts";

/** A body in the given pieces; `pulled` counts those that were asked for. */
function bodyOf(...pieces: Uint8Array[]): {
  body: ReadableStream<Uint8Array>;
  state: { pulled: number; cancelled: boolean };
} {
  const state = { pulled: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces[state.pulled];
        state.pulled += 1;
        if (piece) controller.enqueue(piece);
        else controller.close();
      },
      cancel() {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, state };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("[HTTP] no body is an empty text", async () => {
  expect(await readTextUpTo(null, 0)).toEqual({ ok: true, value: "" });
  expect(await readTextUpTo(bodyOf().body, 0)).toEqual({ ok: true, value: "" });
});

test("[HTTP] a body of exactly the limit is read, one byte more is not", async () => {
  expect(await readTextUpTo(bodyOf(bytes("abc"), bytes("de")).body, 5)).toEqual({ ok: true, value: "abcde" });
  expect(await readTextUpTo(bodyOf(bytes("abc"), bytes("def")).body, 5)).toEqual({ ok: false, error: "too_large" });
});

test("[HTTP] the limit is in bytes, not in characters", async () => {
  expect(await readTextUpTo(bodyOf(bytes("éé")).body, 3)).toEqual({ ok: false, error: "too_large" });
  expect(await readTextUpTo(bodyOf(bytes("éé")).body, 4)).toEqual({ ok: true, value: "éé" });
});

test("[U5] a character cut between two pieces comes out whole, and a byte order mark is passed over", async () => {
  const [note, rest] = [bytes("音").subarray(0, 1), bytes("音").subarray(1)];
  expect(await readTextUpTo(bodyOf(note, rest).body, 10)).toEqual({ ok: true, value: "音" });
  expect(await readTextUpTo(bodyOf(bytes("\uFEFF{}")).body, 10)).toEqual({ ok: true, value: "{}" });
});

test.each([
  ["a character that ends too soon", Uint8Array.of(0x61, 0xe9)],
  ["a byte of Latin-1 between others", Uint8Array.of(0x4a, 0xe9, 0x61, 0x62)],
  ["half of a pair, in three bytes", Uint8Array.of(0xed, 0xa0, 0x80)],
  ["UTF-16", Uint8Array.of(0xff, 0xfe, 0x7b, 0x00)],
  ["too many bytes for a character", Uint8Array.of(0xc0, 0xaf)],
])("[U5] %s is no UTF-8, wherever the pieces are cut", async (_, broken) => {
  for (let at = 0; at <= broken.length; at += 1) {
    const { body, state } = bodyOf(broken.subarray(0, at), broken.subarray(at), bytes("more"));
    expect(await readTextUpTo(body, 10)).toEqual({ ok: false, error: "not_utf8" });
    // Read to its end: what is left unread would cut the connection.
    expect(state).toEqual({ pulled: 4, cancelled: false });
  }
});

test("[HTTP] it stops at the first byte too many and lets the rest go unread", async () => {
  const { body, state } = bodyOf(...Array.from({ length: 100 }, () => bytes("x".repeat(10))));
  expect(await readTextUpTo(body, 25)).toEqual({ ok: false, error: "too_large" });
  expect(state).toEqual({ pulled: 3, cancelled: true });
});

test("[HTTP] a body that breaks off rejects with its own error", async () => {
  const broken = new ReadableStream<Uint8Array>({ pull: (controller) => controller.error(new Error("reset")) });
  await expect(readTextUpTo(broken, 10)).rejects.toThrow("reset");
});
