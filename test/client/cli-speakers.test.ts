/** `roomtone speakers`: it waits, tells what came of it, and takes it back. */
import { Command } from "commander";
import { expect, test } from "vitest";
import { addSpeakersCommands } from "../../client/cli/speakers-commands.ts";
import { json, problem, scriptedGateway } from "./support/scripted-gateway.ts";

interface Ran {
  readonly lines: readonly string[];
  readonly warned: readonly string[];
  readonly codes: readonly number[];
}

async function run(url: string, ...args: string[]): Promise<Ran> {
  const [lines, warned, codes]: [string[], string[], number[]] = [[], [], []];
  const program = new Command().exitOverride();
  addSpeakersCommands(program, {
    env: {},
    signal: new AbortController().signal,
    print: (line) => lines.push(line),
    warn: (line) => warned.push(line),
    onGateway: () => undefined,
    exitWith: (code) => codes.push(code),
  });
  await program.parseAsync(["speakers", ...args, "--url", url], { from: "user" });
  return { lines, warned, codes };
}

const status = {
  session_id: "monday",
  meeting_id: "monday",
  track: "mic",
  last_seq: 10,
  contiguous_seq: 10,
  archived_seq: 10,
  resolved_seq: 10,
  failed_windows: 0,
  received_chunks: 10,
  duplicate_chunks: 0,
  missing_chunks: 0,
  rejected_chunks: 0,
  bytes_stored: 320_000,
  missing: [],
  started_at: null,
  updated_at: null,
};
const stateWith = (review: object): object => ({
  session_id: "monday",
  status: "finalized",
  state: { clusters: [], bindings: {}, config: {} },
  event_count: 4,
  updated_at: "2026-01-01T00:00:00.000Z",
  ingest: status,
  ingest_by_track: { mic: status },
  reviews: [{ track: "mic", asked_at: "2026-01-01T00:00:00.000Z", ...review }],
});
const at = "2026-01-01T00:00:00.000Z";
const base = { at, track: "mic", by: "inference" };
const turn = (event_id: number, cluster_id: string, start_ms: number, end_ms: number, more: object = {}): object => {
  return { ...base, event_id, type: "speaker.resolved", cluster_id, from_seq: 1, to_seq: 4, start_ms, end_ms, ...more };
};
const events = json({
  events: [
    turn(1, "c1", 0, 4_000),
    turn(2, "c1", 0, 2_000, { replaces: 1 }),
    turn(3, "r2", 2_000, 4_000),
    { ...base, event_id: 4, type: "resolve.reviewed", from_seq: 1, to_seq: 4, replaces: 1 },
  ],
  next_after: 4,
  has_more: false,
});

test("[R16] [R17] a review is waited for, and what it changed is told", async () => {
  const gateway = await scriptedGateway(
    json({ reviewing_tracks: ["mic"] }, 202),
    json(stateWith({ status: "waiting", detail: "the service answered 500" })),
    json(stateWith({ status: "done" })),
    events,
  );
  const { lines, warned, codes } = await run(gateway.url, "review", "monday");
  expect(lines).toEqual(["2 speakers where there was 1; 1 turn changed."]);
  expect(warned).toEqual(["Listening again: mic", "Not yet for mic, it is tried again: the service answered 500"]);
  expect(codes).toEqual([]);
});

test("[R19] [V4] one that is given up says why, with its own exit code", async () => {
  const gateway = await scriptedGateway(
    json({ reviewing_tracks: ["mic"] }, 202),
    json(stateWith({ status: "failed", detail: "the service could not be reached" })),
    json({ events: [], next_after: 0, has_more: false }),
  );
  const { lines, warned, codes } = await run(gateway.url, "review", "monday");
  expect([lines, codes]).toEqual([[], [2]]);
  expect(warned.at(-1)).toBe("mic was not looked at again: the service could not be reached.");
});

test("[R20] the last one is taken back; where there is none, that is said", async () => {
  const undone = { at, event_id: 5, type: "speaker.undone", undoes: 4, by: "person" };
  const gateway = await scriptedGateway(events, json({ events: [undone] }));
  expect((await run(gateway.url, "undo", "monday")).lines).toEqual(["The second look was taken back."]);
  expect(gateway.asked.at(-1)).toMatchObject({ method: "POST", path: "/v1/sessions/monday/events/4/undo" });
  const empty = await scriptedGateway(json({ events: [], next_after: 0, has_more: false }));
  await expect(run(empty.url, "undo", "monday")).rejects.toThrow("There is no second look that could be taken back.");
  const open = await scriptedGateway(problem("not_finalized"));
  await expect(run(open.url, "review", "monday")).rejects.toThrow(/finalized/);
});
