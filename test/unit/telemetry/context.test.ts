import { afterEach, expect, test, vi } from "vitest";
import { noteCode, notedCode, within } from "../../../server/shared/telemetry/context.ts";
import { log, logFor, type LogLine, tellLines } from "../../../server/shared/telemetry/log.ts";
import { timed } from "../../../server/shared/telemetry/timed.ts";
import { parseTraceparent, traceparentOf } from "../../../server/shared/http/trace.ts";

afterEach(() => {
  tellLines(undefined);
  vi.restoreAllMocks();
});

function heard(isQuiet = false): LogLine[] {
  const lines: LogLine[] = [];
  tellLines((line) => lines.push(line), isQuiet);
  return lines;
}

test("[Z3] all that a piece of work begins is in its trace, also after it waited; what runs beside it is not", async () => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
  const lines = heard();
  await Promise.all(
    ["a", "b"].map((trace_id) =>
      within({ trace_id, tenant: "acme" }, async () => {
        await Promise.resolve();
        log.info("one");
        await within({ session_id: "m1" }, async () => logFor({ tenant: undefined }).info("two"));
      }),
    ),
  );
  log.info("three");
  const told = lines.map(({ event, trace_id, session_id, tenant }) => [event, trace_id, session_id, tenant]);
  expect(told.toSorted((one, other) => (one.join() < other.join() ? -1 : 1))).toEqual([
    ["one", "a", undefined, "acme"],
    ["one", "b", undefined, "acme"],
    ["three", undefined, undefined, undefined],
    ["two", "a", "m1", undefined],
    ["two", "b", "m1", undefined],
  ]);
});

test("[Z1] a piece of work says how it ended and how long it took, and its failure goes on", async () => {
  const said = vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  const lines = heard(true);
  expect(await timed("step", { step: "one" }, async () => 7)).toBe(7);
  await expect(timed("step", { step: "two" }, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(lines).toMatchObject([
    { level: "info", event: "step", step: "one", status: "ok" },
    { level: "warn", event: "step", step: "two", status: "failed", error: "Error: no" },
  ]);
  // Heard all the same, and not printed where what goes well is not wanted.
  expect(said).not.toHaveBeenCalled();
});

test("[Z1] the code of a refusal is its own work's", () => {
  noteCode("nobody's");
  within({}, () => {
    noteCode("outer");
    within({}, () => noteCode("inner"));
    expect(notedCode()).toBe("outer");
  });
  expect(notedCode()).toBeUndefined();
});

test("[Z3] a traceparent that is made is one that is read", () => {
  const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
  expect(parseTraceparent(traceparentOf(traceId, "00f067aa0ba902b7"))).toEqual({
    traceId,
    parentSpanId: "00f067aa0ba902b7",
  });
  expect(parseTraceparent(traceparentOf(traceId)).traceId).toBe(traceId);
});
