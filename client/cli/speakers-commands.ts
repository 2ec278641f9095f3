/** `roomtone speakers review` and `roomtone speakers undo`: a second look at who speaks in a meeting that is over, and its end. */
import { setTimeout as pause } from "node:timers/promises";
import {
  type ResultsClient,
  type ReviewStatus,
  reviewChangeOf,
  reviewWords,
  type RoomEvent,
  standingReviewsOf,
} from "@roomtone/client/node";
import type { Command } from "commander";
import { captureDefaults } from "./capture-options.ts";
import { plainJson } from "../../schemas/plain-json.ts";
import { clientMaker } from "./client-maker.ts";
import { plain } from "./plain.ts";
import type { ResultsCommandsDeps } from "./results-commands.ts";
import { UsageError } from "./usage-error.ts";

const pollMs = 1_000;
const eventsPerPage = 500;

export interface SpeakersCommandsDeps extends ResultsCommandsDeps {
  /** For what ended as it should, but not as it was hoped. */
  readonly exitWith: (code: number) => void;
}

interface Given {
  readonly url: string;
  readonly track?: string;
  readonly json?: true;
}

export function addSpeakersCommands(program: Command, deps: SpeakersCommandsDeps): void {
  const { signal, print, warn, exitWith } = deps;
  const { clientFor } = clientMaker(program, deps);
  const speakers = program.command("speakers").description("Who speaks in a meeting that is over.");
  const command = (name: string, description: string): Command =>
    speakers
      .command(`${name} <session>`)
      .description(description)
      .option("--url <url>", "the gateway", captureDefaults.url)
      .option("--track <name>", "one track alone")
      .option("--json", "as JSON");

  command("review", "Have all of it listened to again, and tell what that changed.")
    .addHelpText(
      "after",
      `
It waits for the service, which takes about a tenth of the meeting's length; Ctrl-C stops the waiting, and the gateway goes on.
Exit code 0: all tracks were looked at again; 1: it failed; 2: a track was given up, and what was said of it before holds; 130: Ctrl-C.

  roomtone speakers review monday
  roomtone speakers undo monday`,
    )
    .action(async (session: string, given: Given) => {
      const client = clientFor(given);
      const asked = new Set(await client.reviewSpeakers(session, given.track, { signal }));
      if (asked.size === 0) throw new UsageError(`${session} has no audio to listen to.`);
      warn(plain(`Listening again: ${[...asked].join(", ")}`));
      const reviews = (await ended(client, session, { signal, warn })).filter(({ track }) => asked.has(track));
      const events = await allEvents(client, session, signal);
      const standing = standingReviewsOf(events).filter(({ track = "" }) => asked.has(track));
      const change = reviewChangeOf(
        events,
        standing.map(({ event_id }) => event_id),
      );
      const failed = reviews.filter(({ status }) => status === "failed");
      if (given.json) print(plainJson({ reviews, ...change }, 2));
      else if (failed.length < reviews.length) print(reviewWords(change));
      for (const { track, detail } of failed)
        warn(plain(`${track} was not looked at again: ${detail ?? "it failed"}.`));
      if (failed.length > 0) exitWith(2);
    });
  command("undo", "Take the last second look back: who spoke is as it was before, with the names given since.").action(
    async (session: string, given: Given) => {
      const client = clientFor(given);
      const standing = standingReviewsOf(await allEvents(client, session, signal)).filter(
        ({ track }) => given.track === undefined || track === given.track,
      );
      if (standing.length === 0) throw new UsageError("There is no second look that could be taken back.");
      const added: RoomEvent[] = [];
      for (const { event_id } of standing.toReversed())
        added.push(...(await client.undo(session, event_id, { signal })).events);
      if (given.json) print(plainJson(added, 2));
      else print("The second look was taken back.");
    },
  );
}

/** Waits until the service has answered for each track, and says why a try failed. */
async function ended(
  client: ResultsClient,
  session: string,
  { signal, warn }: Pick<ResultsCommandsDeps, "signal" | "warn">,
): Promise<readonly ReviewStatus[]> {
  const told = new Map<string, string>();
  for (;;) {
    const { reviews = [] } = await client.state(session, { signal });
    const waiting = reviews.filter(({ status }) => status === "waiting");
    if (waiting.length === 0) return reviews;
    for (const { track, detail } of waiting) {
      if (detail === undefined || told.get(track) === detail) continue;
      told.set(track, detail);
      warn(plain(`Not yet for ${track}, it is tried again: ${detail}`));
    }
    await pause(pollMs, undefined, { signal });
  }
}

async function allEvents(client: ResultsClient, session: string, signal: AbortSignal): Promise<RoomEvent[]> {
  const events: RoomEvent[] = [];
  for (;;) {
    const page = await client.events(session, { after: events.at(-1)?.event_id ?? 0, limit: eventsPerPage, signal });
    events.push(...page.events);
    if (!page.has_more) return events;
  }
}
