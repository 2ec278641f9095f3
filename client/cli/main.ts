#!/usr/bin/env node
/** The command `roomtone`. */
// oxlint-disable-next-line import/no-unassigned-import -- what it sets must hold before anything else is imported
import "./small-heap.ts";
import { CaptureFailedError } from "@roomtone/client/node";
import { Command } from "commander";
import manifest from "../../package.json" with { type: "json" };
import { plainJson } from "../../schemas/plain-json.ts";
import { NothingCapturedError, runCapture } from "./capture-command.ts";
import { captureDefaults, parseCaptureOptions } from "./capture-options.ts";
import { failureWords } from "./failure-words.ts";
import { brokenPipeCode, onReaderGone } from "./reader-gone.ts";
import { listDevices } from "./recorder.ts";
import { addResultsCommands } from "./results-commands.ts";
import { addAskCommand } from "./ask-command.ts";
import { addSyncCommands } from "./sync-commands.ts";
import { addSpeakersCommands } from "./speakers-commands.ts";
import { addSpeechCommands } from "./speech-commands.ts";
import { shortfall } from "./report-words.ts";

const stopping = new AbortController();
for (const [signal, code] of [
  ["SIGINT", 130],
  ["SIGTERM", 143],
] as const) {
  process.on(signal, () => {
    if (stopping.signal.aborted) process.exit(code);
    stopping.abort(code);
  });
}

// A capture loses nothing by it, and whoever writes sound says so.
let goesOnUnread = false;
onReaderGone(() => {
  if (!goesOnUnread) process.exit(brokenPipeCode);
});

const program = new Command("roomtone")
  .description("Captures meetings into a Roomtone gateway, and shows what it keeps of them.")
  .version(manifest.version)
  // All of the help would push the error off the screen.
  .showHelpAfterError("(see --help)");
/** For what is said where the gateway refuses it. */
let hasCredential = false;
let isCapture = false;
let url: string | undefined;

program
  .command("capture")
  .description(
    "Stream a WAV file, raw PCM on stdin, or a recording into one track of a meeting, until the room keeps every second.",
  )
  .argument("[source]", "a WAV file, or - for raw s16le on stdin")
  .option("--device [name]", "record, until Ctrl-C; without a name from the machine's default device")
  .requiredOption("--session <id>", "the meeting; the same one continues an interrupted capture")
  .option("--url <url>", "the gateway", captureDefaults.url)
  .option("--track <name>", "the audio source", captureDefaults.track)
  .option("--encoding <name>", "msgpack or json", captureDefaults.encoding)
  .option(
    "--spool <dir>",
    "where seconds wait until the room keeps them (default: below your home, one for each gateway)",
  )
  .option("--rate <hz>", "of raw PCM on stdin (default: 16000)")
  .option("--channels <n>", "of raw PCM on stdin (default: 1)")
  .option("--channel <which>", "mix, left, right, a number, or split: a track for each", captureDefaults.channel)
  .option("--speed <n>", "read a file at so many times real time (default: as fast as the room takes it)")
  .option("--token-command <command>", "prints a session token; run before every attempt to connect")
  .option("--live", "stdin runs in real time: time without samples becomes a gap", false)
  .option("--append", "let this audio follow behind what the track has from another spool")
  .option("--new-source", "let another source follow behind the one that the spool was begun with")
  .option("--new-gateway", "let the spool go on with another gateway than it was begun with")
  .addHelpText(
    "after",
    `
Where the gateway asks for a credential, one of: ROOMTONE_API_KEY, a key of scope sessions:write; ROOMTONE_TOKEN, a session
token, good until it expires; --token-command, for tokens that expire sooner than the meeting ends.
Ends with one line of JSON. Exit code 0: all is kept; 1: it failed; 2: the room lacks seconds; 3: no samples came, or the track
had ended; 130: Ctrl-C. A recording ends with the first Ctrl-C as a file does, and is given up with the second.

  roomtone capture --device --session monday --track mic
  roomtone capture --device --session monday --token-command 'curl -fsS https://example.com/token?session=monday'
  ffmpeg -i meeting.mp4 -f s16le -ar 16000 -ac 1 - | roomtone capture - --session monday`,
  )
  .action(async (source: string | undefined, raw: unknown) => {
    isCapture = true;
    goesOnUnread = true;
    const options = parseCaptureOptions(source, raw, process.env);
    hasCredential = options.credential !== undefined;
    const report = await runCapture(options, stopping.signal);
    console.log(plainJson(report));
    const tracks = "tracks" in report ? report.tracks : [report];
    for (const each of tracks) {
      const words = shortfall(each, tracks.length > 1 ? each.track : undefined);
      if (words === undefined) continue;
      console.error(words);
      process.exitCode = 2;
    }
  });

program
  .command("devices")
  .description("List what `capture --device` can record from, as the program that records names it.")
  .action(() => listDevices());

const deps = {
  env: process.env,
  signal: stopping.signal,
  print: (line: string) => console.log(line),
  warn: (line: string) => console.error(line),
  onGateway: (asked: { readonly url: string; readonly hasCredential: boolean }) => {
    ({ url, hasCredential } = asked);
  },
};
addResultsCommands(program, deps);
const exitWith = (code: number): void => {
  process.exitCode = code;
};
addAskCommand(program, { ...deps, exitWith });
addSpeakersCommands(program, { ...deps, exitWith });
addSyncCommands(program, { ...deps, exitWith });
addSpeechCommands(program, {
  ...deps,
  isTerminal: process.stdout.isTTY,
  write: (part) =>
    new Promise((resolve, reject) => {
      goesOnUnread = true;
      process.stdout.write(part, (error) => (error ? reject(error) : resolve()));
    }),
});

try {
  await program.parseAsync();
} catch (cause) {
  const isStopped = cause instanceof CaptureFailedError && cause.code === "closed";
  // Whoever watches has lost nothing by stopping.
  if (!isStopped && stopping.signal.aborted) process.exit(Number(stopping.signal.reason));
  const failedCode = cause instanceof NothingCapturedError ? 3 : 1;
  process.exitCode = isStopped ? Number(stopping.signal.reason) : failedCode;
  console.error(
    isStopped
      ? "Stopped. What was not kept yet is in the spool: run the same command again."
      : failureWords(cause, { hasCredential, isCapture, url, env: process.env }),
  );
}
process.exit();
