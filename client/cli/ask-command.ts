/** `roomtone ask`: a question to one meeting, or to all, over the results library. */
import type { ChatCitation, ChatDocument } from "@roomtone/client/node";
import type { Command } from "commander";
import { plainJson } from "../../schemas/plain-json.ts";
import { clientMaker } from "./client-maker.ts";
import { plain } from "./plain.ts";
import type { ResultsCommandsDeps } from "./results-commands.ts";
import { UsageError } from "./usage-error.ts";

interface AskGiven {
  readonly url: string;
  readonly session?: readonly string[];
  readonly speaker?: readonly string[];
  readonly json: boolean;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value];

export interface AskCommandDeps extends ResultsCommandsDeps {
  readonly exitWith: (code: number) => void;
}

export function addAskCommand(program: Command, deps: AskCommandDeps): void {
  const { command, clientFor } = clientMaker(program, deps);
  command(
    "ask <question>",
    "Ask what was said in meetings and what stands in your documents; the places follow the answer.",
  )
    .option("--session <id>", "one meeting; may stand there more than once (default: all that you may see)", collect)
    .option("--speaker <name>", "only what this person said; likewise", collect)
    .option("--json", "print the answer's events, a line each", false)
    .addHelpText(
      "after",
      '\nExit code 2: the answer is cut off or withheld.\n\n  roomtone ask "What was decided on the budget?" --session board-7',
    )
    .action(async (message: string, given: AskGiven) => {
      if (message.trim() === "") throw new UsageError("There is nothing to ask: the question is empty.");
      const { session: meetings, speaker: speakers } = given;
      const question = {
        message,
        ...(meetings ? { meetings: [...meetings] } : {}),
        ...(speakers ? { speakers: [...speakers] } : {}),
      };
      const places: (ChatCitation | ChatDocument)[] = [];
      let line = "";
      let cut: string | undefined;
      for await (const event of clientFor(given).chat(question, { signal: deps.signal })) {
        if (event.type === "done") cut = cutWords[event.finish_reason];
        if (given.json) deps.print(plainJson(event));
        else if (event.type === "citation" || event.type === "document") places.push(event);
        else if (event.type === "delta") {
          const lines = `${line}${event.text}`.split("\n");
          line = lines.pop() ?? "";
          for (const one of lines) deps.print(plain(one));
        }
      }
      if (line !== "") deps.print(plain(line));
      if (places.length > 0) deps.print("");
      for (const place of places) deps.print(plain("document_id" in place ? documentWords(place) : placeWords(place)));
      if (cut === undefined) return;
      deps.warn(cut);
      deps.exitWith(2);
    });
}

/** An answer that ends before its end is told from a whole one. */
const cutWords: Readonly<Record<string, string | undefined>> = {
  length: "The answer is cut off: the model wrote as much as it may. Ask for less.",
  content_filter: "The model, or a filter of its provider, withheld the answer or the rest of it.",
};

function placeWords({ n, session_id, track, start_ms, end_ms, speaker }: ChatCitation): string {
  const who = speaker === null ? "" : `, ${speaker}`;
  return `[${n}] ${session_id}, ${track}, ${seconds(start_ms)} to ${seconds(end_ms)}${who}`;
}

function documentWords({ n, document_id, title, start, end }: ChatDocument): string {
  return `[${n}] ${title} (document ${document_id}), characters ${start} to ${end}`;
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
