/** The thread that speaks: one sentence a call, so that requests take turns. */
import { readModelFile } from "../threads/model-file.ts";
import { serveThread } from "../threads/serve-thread.ts";
import { fliteFile, type Voice } from "./voices.ts";
import { runWasi } from "./wasi.ts";
import { Module, type WasmModule } from "./web-assembly.ts";
import { wavHeadBytes } from "../../../schemas/speech/wav-head.ts";

export interface SayCall {
  readonly sentence: string;
  readonly voice: Voice;
  /** 1 as the voice is, 2 twice as fast. */
  readonly speed: number;
}

let flite: WasmModule | undefined;

serveThread({ say: (call) => say(call as SayCall) });

/** @returns s16le samples at `voiceRateHz`. */
function say({ sentence, voice, speed }: SayCall): Uint8Array {
  flite ??= new Module(readModelFile(fliteFile));
  const stretch = ["--setf", `duration_stretch=${(1 / speed).toFixed(3)}`];
  return runWasi(flite, ["flite", "-voice", voice, ...stretch, "-t", sentence, "out.wav"]).slice(wavHeadBytes);
}
