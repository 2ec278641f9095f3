/** No byte more can be stored: everybody is told to wait, nothing is acked, and what was acked is there afterwards. */
import { afterEach, expect, test, vi } from "vitest";
import { Tracks } from "../../server/gateway/tracks/tracks.ts";
import { storageFullRetryMs } from "../../server/shared/lib/storage-full.ts";
import { Client } from "./support/client.ts";
import { gatewayWith } from "./support/doors.ts";
import { get } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually, within } from "./support/waiting.ts";

const full = (): Error => new Error("database or disk is full: SQLITE_FULL");
const reject = (): Promise<never> => Promise.reject(full());
/** A platform whose rooms can't store anything, and one whose files can't so much as be opened. */
const fullRooms = { getByName: () => ({ call: reject, fetch: reject }) };
const untold = (): Promise<never> => Promise.reject(new Error("internal error; reference = 0000"));
const unopened = { getByName: () => ({ call: untold, fetch: untold }) };

afterEach(() => {
  vi.restoreAllMocks();
});

const requests: readonly (readonly [method: string, path: string, body: object | undefined])[] = [
  ["GET", "/v1/sessions/a/state", undefined],
  ["POST", "/v1/sessions/a/utterances", { utterances: [{ text: "a", start_ms: 0, end_ms: 1 }] }],
  ["POST", "/v1/sessions", {}],
  ["POST", "/v1/sessions/a/finalize", {}],
  ["DELETE", "/v1/sessions/a", undefined],
];

test.each(requests)("[L13] %s %s: 503 that says to wait, and nothing of the failure", async (method, path, body) => {
  const via = gatewayWith({ MEETING_SESSION: fullRooms }, "http://localhost");
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  const answer = await via(path, init);
  const { code, detail } = await answer.json<{ code: string; detail: string }>();
  expect([answer.status, code, answer.headers.get("retry-after")]).toEqual([503, "storage_full", "30"]);
  expect(detail).not.toMatch(/sqlite/i);
});

test.each([["/v1/audio/ws/a/mic"], ["/v1/sessions/a/live"]])(
  "[L13] [W7] an upgrade of %s is told to wait",
  async (path) => {
    const via = gatewayWith({ MEETING_SESSION: fullRooms }, "http://localhost");
    const client = await Client.over(await via(path, { headers: { upgrade: "websocket" } }), "a");
    const error = await client.nextOf("error");
    expect(error).toMatchObject({ code: "rate_limited", retryable: true, retry_after_ms: storageFullRetryMs });
    await client.expectClose(4429);
  },
);

test("[L13] a platform that says only that it failed is believed to be full for a minute after it said so", async () => {
  const state = "/v1/sessions/a/state";
  const via = gatewayWith({ MEETING_SESSION: unopened }, "http://localhost");
  const clock = vi.spyOn(performance, "now");
  const codeAt = async (ms: number): Promise<string> => {
    clock.mockReturnValue(ms);
    return (await (await via(state)).json<{ code: string }>()).code;
  };
  const now = performance.now() + 1_000_000;
  expect(await codeAt(now)).toBe("internal");
  clock.mockReturnValue(now);
  await gatewayWith({ MEETING_SESSION: fullRooms }, "http://localhost")(state);
  expect(await codeAt(now + 59_000)).toBe("storage_full");
  expect(await codeAt(now + 60_000)).toBe("internal");
});

test("[L13] [K1] a chunk that can't be stored is not acked: its connection is told to wait; afterwards it goes on", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId, { track: "mic" });
  await client.keep(1);
  vi.spyOn(Tracks.prototype, "keep").mockImplementationOnce(() => {
    throw full();
  });
  client.sendChunk(2);
  const error = await client.nextOf("error");
  expect(error).toMatchObject({ code: "rate_limited", retryable: true, retry_after_ms: storageFullRetryMs });
  await within(client.closed, "closed");
  await eventually("the room is back", async () => (await get(room.sessionId, "state")).status === 200);
  const again = await Client.connect(room.sessionId, { track: "mic" });
  expect((await again.hello()).resume).toEqual({ next_seq: 2, missing: [] });
  expect(await again.keep(2)).toMatchObject({ status: "stored", contiguous_seq: 2 });
});
