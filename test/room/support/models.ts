/** Models behind `http://models.test`, as a test makes them up: each by its name. */
import { serve } from "./outbound.ts";

export interface Prompt {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly max_tokens?: number;
}

type Behaviour = (prompt: Prompt, signal: AbortSignal) => Response | Promise<Response>;
const behaviours = new Map<string, Behaviour>();

serve(
  (hostname) => hostname === "models.test",
  async (url, { body, signal }) => {
    if (url !== "http://models.test/v1/chat/completions") throw new Error(`unexpected fetch of ${url}`);
    const prompt = JSON.parse(body) as Prompt;
    const behave = behaviours.get(prompt.model);
    if (!behave) throw new Error(`the test set no behaviour for ${prompt.model}`);
    return behave(prompt, signal);
  },
);

/** Sets what a model does. @returns the prompts it gets from now on, growing. */
export function model(name: string, behave: Behaviour): Prompt[] {
  const prompts: Prompt[] = [];
  behaviours.set(name, (prompt, signal) => {
    prompts.push(prompt);
    return behave(prompt, signal);
  });
  return prompts;
}

/** Such as OpenAI streams it. */
export function written(parts: readonly string[], end: readonly string[] = [finished, "[DONE]"]): Response {
  const chunks = parts.map((content) => JSON.stringify({ choices: [{ delta: { content } }] }));
  const events = [...chunks, ...end].map((data) => `data: ${data}\n\n`);
  return new Response(events.join(""), { headers: { "content-type": "text/event-stream" } });
}

export const finished = JSON.stringify({
  choices: [{ delta: {}, finish_reason: "stop" }],
  usage: { prompt_tokens: 100, completion_tokens: 20 },
});
