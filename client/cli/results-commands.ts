/** The commands of `roomtone` on meetings that the gateway keeps: small ones over the results library. */
import type { RoomEvent, SessionSummary } from "@roomtone/client/node";
import type { Command } from "commander";
import { plainJson } from "../../schemas/plain-json.ts";
import { clientMaker } from "./client-maker.ts";
import { UsageError } from "./usage-error.ts";
import { plain } from "./plain.ts";
import { plainNumber } from "./plain-number.ts";

const formats = ["txt", "vtt", "srt"] as const;
/** What each is of a meeting of which no word is known. */
const emptyOf = { txt: "", vtt: "WEBVTT", srt: "" } as const;
const statuses = ["open", "finalizing", "finalized", "deleting"] as const;
const defaultLimit = 20;
const maxLimit = 500;

export interface ResultsCommandsDeps {
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  readonly print: (line: string) => void;
  /** What is no answer: stderr. */
  readonly warn: (line: string) => void;
  /** Told before anything is asked, for what is said where the gateway refuses it or is none. */
  readonly onGateway: (asked: { readonly url: string; readonly hasCredential: boolean }) => void;
}

/** Adds `sessions`, `state`, `watch`, `finalize`, `result` and `transcript`. */
export function addResultsCommands(program: Command, deps: ResultsCommandsDeps): void {
  const { signal, print, warn } = deps;
  const { command, clientFor } = clientMaker(program, deps);
  const json = (value: unknown): void => print(plainJson(value, 2));

  command("sessions", "List meetings, newest first.")
    .option("--status <status>", statuses.join(", "))
    .option("--find <text>", "a part of the title, the id, or a person's name")
    .option("--limit <n>", "how many", String(defaultLimit))
    .option("--json", "as JSON")
    .action(async (given: { url: string; status?: string; find?: string; limit: string; json?: true }) => {
      const status = given.status === undefined ? undefined : oneOf(statuses, given.status, "--status");
      const limit = plainNumber(given.limit) ?? 0;
      if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit)
        throw new UsageError(`--limit is a number from 1 to ${maxLimit}.`);
      const page = await clientFor(given).listSessions({ status, q: given.find, limit, signal });
      if (given.json) json(page.sessions);
      else for (const line of sessionLines(page.sessions)) print(line);
      if (page.next_cursor !== null)
        warn(`There are more than these ${page.sessions.length}: --limit takes up to ${maxLimit}.`);
    });
  command("state <session>", "Where a meeting stands: settings, tracks, how much of each is kept.").action(
    async (session: string, given: { url: string }) => json(await clientFor(given).session(session, { signal })),
  );
  command("watch <session>", "Print a meeting's events as they come, until it is finalized.")
    .option("--json", "a JSON line each")
    .action(async (session: string, given: { url: string; json?: true }) => {
      for await (const event of clientFor(given).liveEvents(session, { signal })) {
        print(given.json ? plainJson(event) : eventLine(event));
      }
    });
  command("finalize <session>", "End a meeting, and wait until its result is written.").action(
    async (session: string, given: { url: string }) => json(await clientFor(given).finalize(session, {}, { signal })),
  );
  command("result <session>", "Print result.json of a finalized meeting.").action(
    async (session: string, given: { url: string }) => json(await clientFor(given).result(session, { signal })),
  );
  command("transcript <session>", "Print the transcript as it stands.")
    .option("--format <format>", formats.join(", "), "txt")
    .option("--track <name>", "one track alone")
    .action(async (session: string, given: { url: string; format: string; track?: string }) => {
      const format = oneOf(formats, given.format, "--format");
      const { track } = given;
      const text = (
        await clientFor(given).exportDocument(session, `transcript.${format}`, { track, signal })
      ).trimEnd();
      print(text);
      if (text === emptyOf[format])
        warn("Nothing that was said is written down of this meeting so far: captions may be off, or still under way.");
    });
}

function oneOf<const Choice extends string>(choices: readonly Choice[], given: string, option: string): Choice {
  const found = choices.find((choice) => choice === given);
  if (found === undefined) throw new UsageError(`${option} is ${choices.join(", ")}.`);
  return found;
}

/** One line each, in columns. */
export function sessionLines(sessions: readonly SessionSummary[]): string[] {
  const rows = sessions.map((session) => [
    session.created_at.slice(0, 16).replace("T", " "),
    session.status,
    clock(session.duration_ms),
    `${Math.floor(session.coverage * 100)} %`,
    session.session_id,
    plain([session.title ?? "", session.people.join(", ")].filter((text) => text !== "").join(" · ")),
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
}

/** What happened, without what only programs need. */
export function eventLine(event: RoomEvent): string {
  const { at, type, track, speaker_name: name, cluster_id: cluster, utterance, detail, start_ms: start } = event;
  const who = name ?? cluster ?? utterance?.speaker ?? "";
  const parts = [at.slice(11, 19), type, track ?? "", start === undefined ? "" : clock(start), who];
  // What somebody is still saying goes on in a later event of the same utterance.
  const text = utterance ? `${utterance.text}${utterance.final === false ? " …" : ""}` : (detail ?? "");
  return plain([...parts, text].filter((part) => part !== "").join("  "));
}

const two = (value: number): string => String(value).padStart(2, "0");

function clock(ms: number): string {
  const s = Math.floor(ms / 1_000);
  return `${Math.floor(s / 3_600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}
