/** Models that write behind an HTTP API of OpenAI's shape: OpenAI's own, Anthropic's and Google's, Ollama, vLLM, and AI Gateway's compat endpoint. */
import { ok } from "../../../../schemas/lib/result.ts";
import type { ChatModel } from "../chat-port.ts";
import { writtenAtOnce, writtenIn } from "./chat-stream.ts";
import { askOpenAi, jsonOf, type OpenAiService, wrong } from "./openai-http.ts";

export function openAiChat(service: OpenAiService): ChatModel {
  return {
    name: service.name,
    chat: async ({ messages, maxTokens, temperature }, call) => {
      const body = JSON.stringify({
        model: service.model,
        messages,
        stream: true,
        stream_options: { include_usage: true },
        ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
        ...(temperature === undefined ? {} : { temperature }),
      });
      const answer = await askOpenAi(service, "/chat/completions", { body, contentType: "application/json" }, call);
      if (!answer.ok) return answer;
      const type = answer.value.headers.get("content-type") ?? "";
      if (answer.value.body && /^text\/event-stream\b/i.test(type)) return ok(writtenIn(answer.value.body));
      if (!/^application\/json\b/i.test(type)) {
        await answer.value.body?.cancel();
        return wrong(service, call, `no events but ${type}`);
      }
      const json = await jsonOf(service, answer.value, call);
      return json.ok ? ok(writtenAtOnce(json.value)) : json;
    },
  };
}
