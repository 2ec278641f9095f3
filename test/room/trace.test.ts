import { afterEach, expect, test, vi } from "vitest";
import { gateway } from "./support/bindings.ts";
import { bearer, guarded, keyFor } from "./support/doors.ts";
import { createSession } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

test("[HTTP] a failure of the room is logged under the trace id that its caller gets", async () => {
  const room = new RoomUnderTest(newSession());
  await createSession(room.sessionId, {});
  await room.rows("ALTER TABLE events RENAME TO events_away");
  const errors = vi.spyOn(console, "error").mockImplementation(() => undefined);
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const headers = { traceparent: `00-${trace}-00f067aa0ba902b7-01` };
  const answer = await gateway(`/v1/sessions/${room.sessionId}/events`, { headers });
  expect(answer.status).toBe(500);
  expect(answer.headers.get("x-trace-id")).toBe(trace);
  const lines = errors.mock.calls.map(([line]) => String(line));
  expect(lines.filter((line) => line.includes("room.failed") && line.includes(trace))).toHaveLength(1);
});

test("[Z5] a key that may read metrics reads them, and nothing else", async () => {
  const { key } = await keyFor("default", ["metrics:read"]);
  const statusOf = async (path: string): Promise<number> => (await guarded(path, { headers: bearer(key) })).status;
  expect(await statusOf("/metrics")).toBe(200);
  for (const path of ["/admin/edge-health", "/v1/sessions", "/v1/quota", "/v1/usage"]) {
    expect([path, await statusOf(path)]).toEqual([path, 403]);
  }
});
