/** Models of Workers AI that write. */
import { ok } from "../../../../schemas/lib/result.ts";
import type { ChatModel } from "../chat-port.ts";
import { writtenAtOnce, writtenIn } from "./chat-stream.ts";
import { wrong } from "./openai-http.ts";
import { runWorkersAi, type WorkersAiModel } from "./workers-ai.ts";

export function workersAiChat(model: WorkersAiModel): ChatModel {
  return {
    name: model.name,
    chat: async ({ messages, maxTokens, temperature }, call) => {
      const input = {
        messages,
        stream: true,
        ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
        ...(temperature === undefined ? {} : { temperature }),
      };
      const answer = await runWorkersAi(model, input, call);
      if (!answer.ok) return answer;
      const said = answer.value instanceof Response ? answer.value.body : answer.value;
      if (said instanceof ReadableStream) return ok(writtenIn(said as ReadableStream<Uint8Array>));
      return typeof said === "object" && said !== null ? ok(writtenAtOnce(said)) : wrong(model, call, "no answer");
    },
  };
}
