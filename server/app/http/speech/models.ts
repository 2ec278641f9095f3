/** `/v1/models` and `/v1/voices`: what the caller's tenant can ask for, and how its models are. */
import type { Context } from "hono";
import type * as z from "zod";
import { type modelsAnswerSchema, type voicesAnswerSchema } from "../../../../schemas/http/speech.ts";
import type { Candidate } from "../../ai/ask-in-turn.ts";
import type { TenantSpeech } from "../../ai/index.ts";
import type { Synthesizer } from "../../ai/ports.ts";
import type { AppEnv } from "../app-env.ts";
import { speechOf } from "./caller.ts";
import { misconfigured } from "./refusals.ts";

type ModelsAnswer = z.infer<typeof modelsAnswerSchema>;
type VoicesAnswer = z.infer<typeof voicesAnswerSchema>;

export async function modelsRoute(c: Context<AppEnv>): Promise<Response> {
  const speech = await speechOf(c);
  return speech.ok ? Response.json(modelsOf(speech.value)) : misconfigured(c, speech.error);
}

export async function voicesRoute(c: Context<AppEnv>): Promise<Response> {
  const speech = await speechOf(c);
  if (!speech.ok) return misconfigured(c, speech.error);
  const voices = speakersOf(speech.value).flatMap(({ name: model, model: { voices: own } }) =>
    own.map(({ id, description, language }) => ({ id, description, language, model })),
  );
  return Response.json({ voices } satisfies VoicesAnswer);
}

function modelsOf(speech: TenantSpeech): ModelsAnswer {
  const preferred = new Set([...speech.transcribers(), ...speech.synthesizers()].map(({ name }) => name));
  const transcribers = speech.allowed.stt.flatMap((name) => speech.transcriber(name) ?? []);
  const common = ({ name, kind, circuit }: Candidate<unknown>) => ({
    id: name,
    object: "model" as const,
    created: 0,
    owned_by: name.split("/", 1).join(),
    kind: kind === "tts" ? ("tts" as const) : ("stt" as const),
    is_preferred: preferred.has(name),
    circuit: circuit.state,
  });
  const data = [
    ...transcribers.map(common),
    ...speakersOf(speech).map((one) => ({
      ...common(one),
      formats: [...one.model.formats],
      max_characters: one.model.maxCharacters,
    })),
  ];
  const answering = speech.answering().map(({ name, isPreferred, circuit }) => ({
    id: name,
    object: "model" as const,
    created: 0,
    owned_by: name.split("/", 1).join(),
    kind: "chat" as const,
    is_preferred: isPreferred,
    circuit,
  }));
  return { object: "list", data: [...data, ...answering] };
}

function speakersOf(speech: TenantSpeech): Candidate<Synthesizer>[] {
  return speech.allowed.tts.flatMap((name) => speech.synthesizer(name) ?? []);
}
