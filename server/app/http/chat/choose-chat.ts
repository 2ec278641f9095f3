/** Which models a question is put to: the one that it names, where it is allowed here, or else those of the tenant. */
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { type ModelName, modelNameOf, quotingModel } from "../../../shared/config/speech.ts";
import type { Candidate } from "../../ai/ask-in-turn.ts";
import type { ChatModel } from "../../ai/chat-port.ts";
import type { TenantChat } from "../../ai/open-chat.ts";
import type { ModelWish } from "../speech/choose.ts";
import { type Refusal, refusalWith } from "../speech/refusals.ts";

const notSetUp: Refusal = {
  code: "model_unavailable",
  detail: "This model is not set up here: GET /v1/models lists those that are.",
  retryAfterSeconds: 60,
};

/** @returns models that write, in their order; none where the one that quotes comes first. */
export function chooseChat(chat: TenantChat, { name, isLoose }: ModelWish): Result<Candidate<ChatModel>[], Refusal> {
  const preferred = writing(chat, chat.preferred);
  if (name === undefined || name === "") return ok(preferred);
  const wished = namedAs(chat.allowed, name);
  if (!wished) {
    if (isLoose) return ok(preferred);
    const names = chat.allowed.map(modelNameOf).join(", ");
    return err(refusalWith(400, `model is none that is offered here; there is ${names}.`));
  }
  if (isQuoting(wished)) return ok([]);
  const candidate = chat.model(wished);
  if (!candidate) return err(notSetUp);
  return ok(isLoose ? [candidate, ...preferred.filter((one) => one.name !== candidate.name)] : [candidate]);
}

/** Up to the one that quotes, which never fails. */
function writing(chat: TenantChat, names: readonly ModelName[]): Candidate<ChatModel>[] {
  const until = names.findIndex(isQuoting);
  return names.slice(0, until < 0 ? names.length : until).flatMap((name) => chat.model(name) ?? []);
}

const isQuoting = (name: ModelName): boolean => modelNameOf(name) === modelNameOf(quotingModel);

/** By its name, by its provider's own name of it, or by what people call its family. */
function namedAs(allowed: readonly ModelName[], name: string): ModelName | undefined {
  const family = families[name.toLowerCase()];
  return (
    allowed.find((one) => modelNameOf(one) === name) ??
    allowed.find(({ model }) => model === name) ??
    (family && allowed.find(({ provider, model }) => family.test(`${provider}/${model}`)))
  );
}

const families: Readonly<Record<string, RegExp>> = {
  claude: /^anthropic\/|\/claude/,
  gpt: /\/gpt|^openai\//,
  gemini: /^google\/|\/gemini/,
  llama: /llama/,
};
