/** `roomtone transcribe` and `roomtone say`: audio and texts of no meeting, over the results library. */
import { readFile, stat } from "node:fs/promises";
import { type AudioTranscription, type HeardSegment, srtOf, vttOf } from "@roomtone/client/node";
import type { Command } from "commander";
import { plainJson } from "../../schemas/plain-json.ts";
import { clientMaker } from "./client-maker.ts";
import type { ResultsCommandsDeps } from "./results-commands.ts";
import { UsageError } from "./usage-error.ts";
import { plain } from "./plain.ts";
import { plainNumber } from "./plain-number.ts";

const textFormats = ["txt", "srt", "vtt", "json"] as const;
const audioFormats = ["wav", "pcm", "mp3", "opus"] as const;
/** What the gateway takes at most. */
const maxAudioBytes = 67_108_864;

export interface SpeechCommandsDeps extends ResultsCommandsDeps {
  /** Audio, to stdout. */
  readonly write: (part: Uint8Array) => Promise<void>;
  /** Whether stdout is one: audio would only garble it. */
  readonly isTerminal: boolean;
}

export function addSpeechCommands(program: Command, deps: SpeechCommandsDeps): void {
  const { command, clientFor } = clientMaker(program, deps);
  command("transcribe <file>", "Print what is said in an audio file (WAV, WebM, Ogg, MP4) of no meeting.")
    .option("--format <format>", textFormats.join(", "), "txt")
    .option("--language <code>", "such as en (default: the model finds it out)")
    .option("--model <name>", "as provider/model (default: the preferred one)")
    .addHelpText(
      "after",
      "\nWith txt a line is printed as soon as it is heard.\n\n  roomtone transcribe call.wav --format srt > call.srt",
    )
    .action(async (file: string, given: TranscribeGiven) => {
      const format = textFormats.find((one) => one === given.format);
      if (format === undefined) throw new UsageError(`--format is ${textFormats.join(", ")}.`);
      const audio = await audioIn(file);
      let lines = 0;
      const onSegment = ({ text }: HeardSegment): void => {
        lines += 1;
        deps.print(plain(text));
      };
      const { language, model } = given;
      const streamed = format === "txt" ? { onSegment } : {};
      const said = await clientFor(given).stt(audio, { language, model, ...streamed, signal: deps.signal });
      // A recording of nothing is more often a mistake than a wish; an empty document alone would look like an answer.
      if (said.text === "" && said.segments.length === 0) deps.warn(plain(`Nothing was heard in ${file}.`));
      if (format !== "txt") deps.print(documentOf(said, format));
      else if (lines === 0 && said.text !== "") deps.print(plain(said.text));
    });
  command("say <text>", "Speak a text: the audio goes to stdout, into a file or another program.")
    .option("--voice <name>", "one of the gateway's voices (default: the model's first)")
    .option("--format <format>", audioFormats.join(", "), "wav")
    .option("--speed <n>", "from 0.25 to 4", "1")
    .option("--model <name>", "as provider/model (default: the preferred one)")
    .addHelpText(
      "after",
      '\n  roomtone say "The meeting begins." > begins.wav\n  roomtone say "Good morning." --voice slt | aplay',
    )
    .action(async (text: string, given: SayGiven) => {
      if (deps.isTerminal) {
        throw new UsageError(
          "Audio is nothing for a terminal: send it into a file (> hello.wav) or a player (| aplay).",
        );
      }
      const format = audioFormats.find((one) => one === given.format);
      if (format === undefined) throw new UsageError(`--format is ${audioFormats.join(", ")}.`);
      const speed = plainNumber(given.speed) ?? 0;
      if (!(speed >= 0.25 && speed <= 4)) throw new UsageError("--speed is a number from 0.25 to 4.");
      if (text.trim() === "") throw new UsageError("There is nothing to say: the text is empty.");
      const { voice, model } = given;
      const { body } = await clientFor(given).tts({ text, voice, format, speed, model }, { signal: deps.signal });
      for await (const part of body) await written(deps.write(part));
    });
}

interface TranscribeGiven {
  readonly url: string;
  readonly format: string;
  readonly language?: string;
  readonly model?: string;
}

interface SayGiven {
  readonly url: string;
  readonly format: string;
  readonly speed: string;
  readonly voice?: string;
  readonly model?: string;
}

/** A player that was closed is no fault of the system's. */
async function written(writing: Promise<void>): Promise<void> {
  try {
    await writing;
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EPIPE") {
      throw new UsageError("Whatever read the audio ended before all of it was said.");
    }
    throw cause;
  }
}

async function audioIn(file: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const found = await stat(file);
    const { size } = found;
    if (size === 0 && found.isFile()) throw new UsageError(`${file} is empty: there is nothing in it to hear.`);
    if (size > maxAudioBytes) {
      throw new UsageError(`${file} has ${size} bytes, of ${maxAudioBytes} at most: capture it as a meeting instead.`);
    }
    return new Uint8Array(await readFile(file));
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "ENOENT") throw new UsageError(`There is no file ${file}.`);
    if (code === "EISDIR") throw new UsageError(`${file} is a folder: give an audio file.`);
    if (code === "EACCES") throw new UsageError(`${file} may not be read.`);
    throw cause;
  }
}

function documentOf(said: AudioTranscription, format: "srt" | "vtt" | "json"): string {
  if (format === "json") return plainJson(said, 2);
  return (format === "srt" ? srtOf(said.segments) : vttOf(said.segments)).trimEnd();
}
