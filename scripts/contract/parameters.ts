/** Parameters of the operations: those in the path, and headers that every operation takes. */
import { chatIdSchema } from "../../schemas/http/chats.ts";
import * as z from "zod";
import { sessionIdSchema, trackNameSchema } from "../../schemas/names.ts";
import type { Operation } from "../../schemas/http/operations.ts";
import { idempotencyKeySchema } from "../../schemas/http/queries.ts";
import { sha256Schema } from "../../schemas/sync/documents.ts";
import { clusterIdSchema } from "../../schemas/speech/speakers.ts";
import { deliveryIdSchema } from "../../schemas/webhooks.ts";
import { exampleIds } from "./examples.ts";

interface PathParameter {
  readonly schema: z.ZodType;
  readonly description: string;
  readonly example: string | number;
}

const pathParameters: Readonly<Record<string, PathParameter>> = {
  session_id: { schema: sessionIdSchema, description: "The meeting.", example: exampleIds.session },
  track: { schema: trackNameSchema, description: "The audio source.", example: "mic" },
  cluster_id: { schema: clusterIdSchema, description: "The acoustic speaker.", example: "c2" },
  event_id: {
    schema: z.int().min(1),
    description: "The number of an event; of a turn, that of its `speaker.resolved` event.",
    example: exampleIds.turn,
  },
  chat_id: {
    schema: chatIdSchema,
    description: "A chat of the caller's.",
    example: "0b5f7a7e-3c1d-4b8e-9a51-6f2d8c4e1a90",
  },
  sha256: {
    schema: sha256Schema,
    description: "The body's SHA-256, in hex.",
    example: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
  },
  part: { schema: z.int().min(1), description: "The part's number, from 1.", example: 1 },
  delivery_id: {
    schema: deliveryIdSchema,
    description: "The webhook, as the log lists it.",
    example: exampleIds.delivery,
  },
};

/** `:name` of the router's paths. */
const namePattern = /:(\w+)/g;

/** `/v1/sessions/:session_id` → `/v1/sessions/{session_id}`. */
export function templateOf(path: string): string {
  return path.replaceAll(namePattern, "{$1}");
}

export function pathParametersOf({ path }: Operation): [name: string, PathParameter][] {
  return [...path.matchAll(namePattern)].map(([, name = ""]) => {
    const parameter = pathParameters[name];
    if (!parameter) throw new Error(`the contract does not say what :${name} is`);
    return [name, parameter];
  });
}

/** What an operation that goes by idempotency keys takes besides. */
export const keyParameters = {
  "idempotency-key": {
    schema: idempotencyKeySchema,
    description:
      "The same request under the same key does its work once, for a day; another request under it is 422 `idempotency_mismatch`.",
  },
  "x-idempotency-key": { schema: idempotencyKeySchema, description: "The same as `idempotency-key`." },
} as const;

export const parameterComponents = {
  traceparent: {
    name: "traceparent",
    in: "header",
    description: "W3C Trace Context. Its trace id is taken; malformed, it is passed over.",
    schema: { type: "string" },
    example: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
  },
} as const;
