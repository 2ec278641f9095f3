/** What the app asks of a model that writes, in its own words (`ports.ts` has those that hear and speak). */
import type { Result } from "../../../schemas/lib/result.ts";
import type { Call, ModelFault } from "./ports.ts";

export interface ChatTurn {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

export interface ChatRequest {
  readonly messages: readonly ChatTurn[];
  /** The model's own without it. */
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
}

/** How a model says that it ended. */
export interface ChatFinish {
  readonly reason: "stop" | "length" | "content_filter";
  /** Undefined where the model does not count, or counts what can't be. */
  readonly tokens: { readonly input: number; readonly output: number } | undefined;
}

export interface ChatModel {
  /** As `provider/model`. */
  readonly name: string;
  /** Text as it is written, never empty parts. Throws `ModelError` where it ends early. */
  chat(request: ChatRequest, call: Call): Promise<Result<AsyncGenerator<string, ChatFinish>, ModelFault>>;
}
