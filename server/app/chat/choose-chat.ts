/** Which models a question is put to: the one that it names, where it is allowed here, or else those of the tenant. Pure. */
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { type ModelName, modelNameOf, quotingModel } from "../../shared/config/speech.ts";
import type { Candidate } from "../ai/ask-in-turn.ts";
import type { ChatModel } from "../ai/chat-port.ts";
import type { TenantChat } from "../ai/open-chat.ts";

export interface ModelWish {
  readonly name: string | undefined;
  /** Clients of OpenAI's API must name one of its models: a name that is not known here means any. */
  readonly isLoose: boolean;
}

/** @returns models that write, in their order; none where the one that quotes comes first. */
export function chooseChat(
  chat: Pick<TenantChat, "allowed" | "preferred" | "model">,
  { name, isLoose }: ModelWish,
): Result<Candidate<ChatModel>[], "model_not_offered" | "model_not_set_up"> {
  const preferred = writing(chat, chat.preferred);
  if (name === undefined || name === "") return ok(preferred);
  const wished = namedAs(chat.allowed, name);
  if (!wished) return isLoose ? ok(preferred) : err("model_not_offered");
  if (isQuoting(wished)) return ok([]);
  const candidate = chat.model(wished);
  if (!candidate) return err("model_not_set_up");
  return ok(isLoose ? [candidate, ...preferred.filter((one) => one.name !== candidate.name)] : [candidate]);
}

/** Up to the one that quotes, which never fails. */
function writing(chat: Pick<TenantChat, "model">, names: readonly ModelName[]): Candidate<ChatModel>[] {
  const until = names.findIndex(isQuoting);
  return names.slice(0, until < 0 ? names.length : until).flatMap((name) => chat.model(name) ?? []);
}

const isQuoting = (name: ModelName): boolean => modelNameOf(name) === modelNameOf(quotingModel);

/** By its name, by its provider's own name of it, or by what people call its family. */
function namedAs(allowed: readonly ModelName[], name: string): ModelName | undefined {
  const family = Object.hasOwn(families, name.toLowerCase()) ? families[name.toLowerCase()] : undefined;
  return (
    allowed.find((one) => modelNameOf(one) === name) ??
    allowed.find(({ model }) => model === name) ??
    (family && allowed.find((one) => family.test(modelNameOf(one))))
  );
}

const families: Readonly<Record<string, RegExp>> = {
  claude: /^anthropic\/|\/claude/,
  gpt: /\/gpt|^openai\//,
  gemini: /^google\/|\/gemini/,
  llama: /llama/,
};
