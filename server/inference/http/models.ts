/** `GET /v1/models`, as OpenAI's clients read it. */
import type { Part } from "./part.ts";

/** When the service got its first models; OpenAI's shape wants a time. */
const createdSeconds = 1_795_000_000;

interface ListedModel {
  readonly id: string;
  /** Of a model that speaks. */
  readonly voices?: readonly { readonly id: string; readonly description: string; readonly language: string }[];
}

export function openModelList(models: readonly ListedModel[]): Part {
  const data = models.map((model) => ({ ...model, object: "model", created: createdSeconds, owned_by: "roomtone" }));
  return {
    routes: { "GET /v1/models": () => Response.json({ object: "list", data }) },
    summary: "",
  };
}
