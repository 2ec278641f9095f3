import { afterEach, expect, test, vi } from "vitest";
import { describeError, log, logFor } from "../../../server/shared/telemetry/log.ts";

afterEach(() => {
  vi.restoreAllMocks();
});

function linesOf(level: "warn" | "error"): () => unknown[] {
  const spy = vi.spyOn(console, level).mockImplementation(() => undefined);
  return () => spy.mock.calls.map(([line]) => JSON.parse(String(line)) as unknown);
}

test("a line bears its level, its event, the ids of its subject, and its own fields", () => {
  const lines = linesOf("warn");
  const room = logFor({ tenant: "acme", session_id: "m1" });
  room.warn("archive.put_failed", { seq: 7 });
  room.with({ trace_id: "0af7" }).warn("room.failed");
  log.warn("keys.not_read", { error: describeError(new TypeError("no")) });
  expect(lines()).toEqual([
    { level: "warn", event: "archive.put_failed", tenant: "acme", session_id: "m1", seq: 7 },
    { level: "warn", event: "room.failed", tenant: "acme", session_id: "m1", trace_id: "0af7" },
    { level: "warn", event: "keys.not_read", error: "TypeError: no" },
  ]);
});

test("what is not known of a subject is not on its lines", () => {
  const lines = linesOf("error");
  logFor({ tenant: "acme", trace_id: undefined }).error("job.failed");
  expect(lines()).toEqual([{ level: "error", event: "job.failed", tenant: "acme" }]);
});
