/**
 * Records from a device with what the machine has: `arecord`, `ffmpeg` or SoX's `rec`. Each gets the arguments for raw
 * s16le, 16 kHz, mono on stdout, so that nothing has to be resampled here.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Readable } from "node:stream";

/** How long a recorder may take to hand over its last samples. */
const stopTimeoutMs = 2_000;
/** Of what a recorder says before it fails. */
const maxComplaintChars = 2_000;

/** No recorder, or one that failed: a sentence for the person at the terminal. */
export class RecorderError extends Error {
  override readonly name = "RecorderError";
  /** Whether it had begun to record. */
  readonly hasBegun: boolean;

  constructor(message: string, { hasBegun = false } = {}) {
    super(message);
    this.hasBegun = hasBegun;
  }
}

/** The arguments with which a program records. @returns undefined where it can't without a device's name. */
interface Program {
  readonly name: string;
  readonly record: (device: string | undefined) => readonly string[] | undefined;
  readonly list?: readonly string[];
  /** Variables that name the device to it. */
  readonly env?: (device: string | undefined) => Readonly<Record<string, string>>;
}

const ffmpegQuiet = ["-hide_banner", "-nostdin", "-loglevel", "error"];
const ffmpegOutput = ["-ac", "1", "-ar", "16000", "-f", "s16le", "pipe:1"];

const arecordRaw = ["-q", "-t", "raw", "-f", "S16_LE", "-r", "16000", "-c", "1"];

const arecord: Program = {
  name: "arecord",
  record: (device) => [...arecordRaw, ...(device === undefined ? [] : ["-D", device])],
  list: ["-L"],
};

const rec: Program = {
  name: "rec",
  record: () => ["-q", "-r", "16000", "-c", "1", "-b", "16", "-e", "signed-integer", "-L", "-t", "raw", "-"],
  env: (device) => (device === undefined ? {} : { AUDIODEV: device }),
};

function ffmpeg(
  input: (device: string | undefined) => readonly string[] | undefined,
  list: readonly string[],
): Program {
  return {
    name: "ffmpeg",
    record: (device) => {
      const from = input(device);
      return from && [...ffmpegQuiet, ...from, ...ffmpegOutput];
    },
    list: ["-hide_banner", "-nostdin", ...list],
  };
}

/** By preference. */
const programs: Readonly<Record<string, readonly Program[]>> = {
  linux: [arecord, ffmpeg((device) => ["-f", "alsa", "-i", device ?? "default"], ["-sources", "alsa"]), rec],
  darwin: [
    ffmpeg(
      (device) => ["-f", "avfoundation", "-i", `:${device ?? "default"}`],
      ["-f", "avfoundation", "-list_devices", "true", "-i", ""],
    ),
    rec,
  ],
  win32: [
    ffmpeg(
      (device) => (device === undefined ? undefined : ["-f", "dshow", "-i", `audio=${device}`]),
      ["-f", "dshow", "-list_devices", "true", "-i", "dummy"],
    ),
  ],
};

export interface Recorder {
  /** The program that records. */
  readonly program: string;
  /** s16le, 16 kHz, mono; ends when the recording does. */
  readonly samples: Readable;
  /** Resolves when the program has ended; rejects with RecorderError where it failed by itself. */
  readonly ended: Promise<void>;
  /** Ends the recording. What was recorded before still comes. */
  stop(): void;
}

/** @param device as the program names it; undefined for the machine's default. Rejects with RecorderError. */
export async function startRecorder(device: string | undefined, env = process.env): Promise<Recorder> {
  const program = await findProgram(env);
  const args = program.record(device);
  if (!args) throw new RecorderError(`${program.name} has no default device here: name one of \`roomtone devices\`.`);
  const child = spawn(program.name, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...env, ...program.env?.(device) },
    // A process group of its own: Ctrl-C in the terminal is for the capture, which ends the recording in its turn.
    detached: process.platform !== "win32",
  });
  let isStopped = false;
  let complaint = "";
  child.stderr.on("data", (text: Buffer) => {
    complaint = (complaint + text.toString()).slice(-maxComplaintChars);
  });
  const ended = outcomeOf(child).then((outcome) => {
    // A device has no end of its own: one that ends unasked was unplugged, or its server went away.
    if (isStopped) return;
    throw new RecorderError(
      `${program.name} ${outcome === "code 0" ? "ended by itself" : "failed"} (${outcome})${complaint && `: ${complaint.trim()}`}`,
      {
        hasBegun: true,
      },
    );
  });
  // Whoever reads `samples` to their end awaits it; nobody may.
  ended.catch(() => undefined);
  return {
    program: program.name,
    samples: child.stdout,
    ended,
    stop: () => {
      isStopped = true;
      child.kill("SIGINT");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
      child.once("close", () => clearTimeout(timer));
    },
  };
}

/** Has the program list its devices, in its own words, on this process's stdout and stderr. */
export async function listDevices(env = process.env): Promise<void> {
  const program = await findProgram(env);
  if (!program.list) throw new RecorderError(`${program.name} can't list devices; it takes what AUDIODEV names.`);
  // avfoundation and dshow list, and then fail for want of an input.
  await outcomeOf(spawn(program.name, program.list, { stdio: ["ignore", "inherit", "inherit"], env }));
}

function outcomeOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once("error", (cause) => resolve(cause.message));
    child.once("close", (code, signal) => resolve(code === null ? String(signal) : `code ${code}`));
  });
}

async function findProgram(env: NodeJS.ProcessEnv): Promise<Program> {
  const known = programs[process.platform] ?? [rec];
  for (const program of known) if (await isOnPath(program.name, env)) return program;
  const names = known.map(({ name }) => name).join(", ");
  throw new RecorderError(`No program to record with: install one of ${names}, or pipe raw PCM in (capture - --live).`);
}

async function isOnPath(name: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const file = process.platform === "win32" ? `${name}.exe` : name;
  for (const folder of (env["PATH"] ?? "").split(delimiter).filter((each) => each !== "")) {
    try {
      await access(join(folder, file), constants.X_OK);
      return true;
    } catch {
      // Not in this one.
    }
  }
  return false;
}
