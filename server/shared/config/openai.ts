/** Where models of `openai/…` are, whether they are asked over HTTP or talk over a WebSocket. Read by the app. */
import * as z from "zod";
import { variable } from "./variable.ts";

export const openAiVariables = {
  OPENAI_BASE_URL: variable(
    z.url({ protocol: /^https?$/, error: "an http or https URL" }).default("https://api.openai.com/v1"),
  ).describe(
    "Where `openai/…` models are: any API of OpenAI's shape, such as Groq, vLLM or speaches. Ends before `/audio` and `/realtime`.",
  ),
  OPENAI_API_KEY: variable(z.string().optional()).describe(
    "Sent there as a bearer token. Sets `openai/…` up for participants. A secret.",
  ),
};
