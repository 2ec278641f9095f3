/** Voices of the models that come with the deployment or are known by name; and how OpenAI's names of voices are understood. */

export interface Voice {
  readonly id: string;
  readonly description: string;
  /** BCP 47. */
  readonly language: string;
}

/** Of flite, in the inference service; the first is taken where none is asked for. */
export const fliteVoices = [
  { id: "awb", description: "a man with a Scottish accent", language: "en" },
  { id: "rms", description: "a man from the United States", language: "en" },
  { id: "slt", description: "a woman from the United States", language: "en" },
] as const satisfies readonly Voice[];
export type FliteVoice = (typeof fliteVoices)[number]["id"];

/** What OpenAI's clients ask for by default, as one voice of three kinds each. */
export const openAiVoices = {
  alloy: "neutral",
  ash: "man",
  ballad: "neutral",
  cedar: "man",
  coral: "woman",
  echo: "man",
  fable: "neutral",
  marin: "woman",
  nova: "woman",
  onyx: "man",
  sage: "woman",
  shimmer: "woman",
  verse: "neutral",
} as const;
type VoiceKind = (typeof openAiVoices)[keyof typeof openAiVoices];

/** @returns undefined where nobody has that voice. */
export function voiceAmong<Id extends string>(
  voices: readonly { readonly id: Id }[],
  name: string,
  kinds: Readonly<Record<VoiceKind, Id>>,
): Id | undefined {
  const own = voices.find(({ id }) => id === name)?.id;
  if (own !== undefined || !Object.hasOwn(openAiVoices, name)) return own;
  return kinds[openAiVoices[name as keyof typeof openAiVoices]];
}

export const fliteVoiceNamed = (name: string): FliteVoice | undefined =>
  voiceAmong(fliteVoices, name, { neutral: "awb", man: "rms", woman: "slt" });
