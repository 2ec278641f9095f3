/** The command's views of kept meetings: lines for a terminal, and the errors that people can put right. */
import { Command } from "commander";
import { expect, test } from "vitest";
import type { RoomEvent, SessionSummary } from "../../client/index.ts";
import { waitNotice } from "../../client/cli/client-maker.ts";
import { addResultsCommands, eventLine, sessionLines } from "../../client/cli/results-commands.ts";
import { json, type Line, problem, scriptedGateway } from "./support/scripted-gateway.ts";

const summary: SessionSummary = {
  session_id: "board-1",
  status: "finalized",
  title: "Board",
  people: ["Ada", "Grace"],
  created_at: "2026-01-31T09:05:00.000Z",
  updated_at: "2026-01-31T09:05:00.000Z",
  finalized_at: null,
  tracks: 1,
  kept_seconds: 3_660,
  missing_seconds: 1,
  overdue_seconds: 0,
  duration_ms: 3_661_000,
  coverage: 0.9997,
};

let warnings: string[] = [];

async function run(url: string, ...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  warnings = [];
  const program = new Command().exitOverride();
  addResultsCommands(program, {
    env: {},
    signal: new AbortController().signal,
    print: (line) => lines.push(line),
    warn: (line) => warnings.push(line),
    onGateway: () => undefined,
  });
  await program.parseAsync([...args, "--url", url], { from: "user" });
  return lines;
}

test("sessions are lines in columns, without claiming what is not whole", () => {
  expect(sessionLines([summary, { ...summary, session_id: "b", status: "open", title: null, people: [] }])).toEqual([
    "2026-01-31 09:05  finalized  1:01:01  99 %  board-1  Board · Ada, Grace",
    "2026-01-31 09:05  open       1:01:01  99 %  b",
  ]);
  expect(sessionLines([])).toEqual([]);
});

test("[Q6] what somebody is still saying is told from what was said", () => {
  const utterance = { utterance_id: "heard-100", track: "mic", start_ms: 100, end_ms: 900, text: "Good", revision: 1 };
  const event = {
    event_id: 1,
    at: "2026-01-01T09:05:07.000Z",
    type: "utterance.added",
    by: "room",
    track: "mic",
  } as const;
  expect(eventLine({ ...event, utterance: { ...utterance, final: false } })).toBe(
    "09:05:07  utterance.added  mic  Good …",
  );
  expect(eventLine({ ...event, utterance: { ...utterance, final: true } })).toBe(
    "09:05:07  utterance.added  mic  Good",
  );
});

test("[V1] a command that waits says so, each wait that one notices, and what others wrote does not steer the terminal", () => {
  const said: string[] = [];
  const notice = waitNotice((line) => said.push(line));
  notice({ why: "The gateway was slow.", delayMs: 400, attempt: 1 });
  notice({ why: "Still.", delayMs: 900, attempt: 2 });
  notice({ why: "Storage is down.\n\u001b[31mAll is well.", delayMs: 20_100, attempt: 1 });
  expect(said).toEqual(["Waits 1 s: Still.", "Waits 21 s: Storage is down.  [31mAll is well."]);
});

test("an event is a line, and what others wrote does not steer the terminal", () => {
  const event: RoomEvent = {
    event_id: 3,
    at: "2026-01-31T09:05:07.000Z",
    type: "speaker.resolved",
    by: "inference",
    track: "mic",
    start_ms: 61_000,
    cluster_id: "c1",
    speaker_name: "A\u001b[31mda\n",
  };
  expect(eventLine(event)).toBe("09:05:07  speaker.resolved  mic  0:01:01  A [31mda ");
});

test("each command asks for what it says", async () => {
  const gateway = await scriptedGateway(json({ sessions: [summary], next_cursor: null }));
  const lines = await run(gateway.url, "sessions", "--find", "ada", "--status", "open", "--limit", "7");
  expect(lines).toHaveLength(1);
  expect(gateway.asked.map(({ path }) => path)).toEqual(["/v1/sessions?status=open&q=ada&limit=7"]);
  const text = await scriptedGateway((response) =>
    response.writeHead(200, { "content-type": "text/plain; charset=utf-8" }).end("Ada: Hello\n"),
  );
  expect(await run(text.url, "transcript", "board-1")).toEqual(["Ada: Hello"]);
  expect(text.asked.map(({ path }) => path)).toEqual(["/v1/sessions/board-1/transcript.txt"]);
});

test.for([
  [["sessions", "--status", "gone"], /--status is open, finalizing/],
  [["sessions", "--limit", "0"], /--limit is a number from 1 to 500/],
  [["transcript", "a", "--format", "pdf"], /--format is txt, vtt, srt/],
] as const)("[V4] %j is refused with a sentence", async ([args, sentence]) => {
  const gateway = await scriptedGateway(problem("not_found"));
  await expect(run(gateway.url, ...args)).rejects.toThrow(sentence);
  expect(gateway.asked).toEqual([]);
});

test.for(["txt", "vtt", "srt"])("a transcript without a word is told as that (%s)", async (format) => {
  const types = { txt: "text/plain", vtt: "text/vtt", srt: "application/x-subrip" } as const;
  const answer =
    (text: string): Line =>
    (response) =>
      void response.writeHead(200, { "content-type": types[format as keyof typeof types] }).end(text);
  const head = format === "vtt" ? "WEBVTT\n" : "";
  const gateway = await scriptedGateway(answer(head), answer(`${head}\nAda: Hello.\n`));
  await run(gateway.url, "transcript", "board-1", "--format", format);
  expect(warnings).toEqual([expect.stringMatching(/^Nothing that was said/)]);
  await run(gateway.url, "transcript", "board-1", "--format", format);
  expect(warnings).toEqual([]);
});

const page = (next_cursor: string | null): Line => json({ sessions: [summary], next_cursor });

test("a list that goes on does not pass for all of it", async () => {
  const gateway = await scriptedGateway(page("abc"), page("abc"), page(null));
  for (const args of [[], ["--json"]]) {
    await run(gateway.url, "sessions", "--limit", "1", ...args);
    expect(warnings).toEqual(["There are more than these 1: --limit takes up to 500."]);
  }
  await run(gateway.url, "sessions", "--limit", "1");
  expect(warnings).toEqual([]);
});
