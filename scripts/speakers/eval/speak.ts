/** Speech from the synthesizers that are installed, kept in a folder so that it is made once. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { Failure } from "../../../schemas/lib/failure.ts";
import type { Voice } from "./voices.ts";

const rawFormat = ["-t", "raw", "-r", String(sampleRateHz), "-c", "1", "-b", "16", "-e", "signed-integer"];
/** Silence off both ends, so that a turn is as long as it is heard; level to −4 dB of full scale. */
const trimStart = ["silence", "1", "0.02", "0.5%"];
const trimEffects = ["norm", "-4", ...trimStart, "reverse", ...trimStart, "reverse"];

export type Speak = (voice: Voice, text: string) => Int16Array;

/** Engines missing here; empty where all speech can be made. */
export function missingTools(voices: readonly Voice[]): string[] {
  const tools = new Set(["sox", ...voices.map(({ engine }) => (engine === "festival" ? "text2wave" : engine))]);
  return [...tools].filter((tool) => {
    try {
      execFileSync("which", [tool], { stdio: "ignore" });
      return false;
    } catch {
      return true;
    }
  });
}

/** @param folder of the cache; made if it isn't there. */
export function createSpeak(folder: string): Speak {
  mkdirSync(folder, { recursive: true });
  return (voice, text) => {
    const key = createHash("sha256").update(`${voice.id}\n${text}`).digest("hex").slice(0, 24);
    const file = join(folder, `${key}.raw`);
    if (!existsSync(file)) synthesize(voice, text, file);
    return samplesOf(readFileSync(file));
  };
}

export function samplesOf(bytes: Uint8Array): Int16Array {
  return new Int16Array(Uint8Array.from(bytes).buffer);
}

function synthesize(voice: Voice, text: string, file: string): void {
  const work = mkdtempSync(join(tmpdir(), "roomtone-speak-"));
  const wav = join(work, "speech.wav");
  try {
    runEngine(voice, text, wav);
    execFileSync("sox", ["-D", wav, ...rawFormat, join(work, "speech.raw"), ...trimEffects], { stdio: "ignore" });
    // Under a second name first: a run that is killed leaves no half a sentence behind.
    copyFileSync(join(work, "speech.raw"), `${file}.new`);
    renameSync(`${file}.new`, file);
  } catch (cause) {
    throw new Failure(`${voice.id} could not say "${text}": ${cause instanceof Error ? cause.message : String(cause)}`);
  } finally {
    rmSync(work, { recursive: true });
  }
}

function runEngine({ engine, name }: Voice, text: string, wav: string): void {
  const quiet = { stdio: ["pipe", "ignore", "ignore"] as ["pipe", "ignore", "ignore"], timeout: 60_000 };
  if (engine === "flite") execFileSync("flite", ["-voice", name, "-t", text, "-o", wav], quiet);
  else if (engine === "espeak-ng") execFileSync("espeak-ng", ["-v", name, "-s", "160", "-w", wav, text], quiet);
  else execFileSync("text2wave", ["-eval", `(voice_${name})`, "-o", wav], { ...quiet, input: text });
}
