/**
 * JSON Schemas of the messages and of what they are made of. In draft 7, which is what AsyncAPI 3.0 means by a schema
 * where nothing else is said.
 */
import * as z from "zod";
import {
  ackSchema,
  closeSchema,
  closingSchema,
  declareGapSchema,
  endedSchema,
  endSchema,
  errorSchema,
  eventMessageSchema,
  helloSchema,
  jsonChunkSchema,
  jsonLiveSchema,
  listenersSchema,
  liveSchema,
  pingSchema,
  pongSchema,
  readySchema,
  seenSchema,
  statusRequestSchema,
  statusSchema,
} from "../../schemas/wire/messages.ts";
import { liveQuerySchema } from "../../schemas/http/queries.ts";
import { commentsOn, namedSchemas } from "./named-schemas.ts";
import { describe, type JsonSchema, tidySchema } from "./tidy-schema.ts";

const clientSchemas = {
  helloSchema,
  jsonChunkSchema,
  statusRequestSchema,
  pingSchema,
  endSchema,
  declareGapSchema,
  seenSchema,
  jsonLiveSchema,
  closeSchema,
};
const roomSchemas = {
  readySchema,
  ackSchema,
  statusSchema,
  endedSchema,
  errorSchema,
  pongSchema,
  closingSchema,
  eventMessageSchema,
  listenersSchema,
  liveSchema,
};
export type MessageSchemaName = keyof typeof clientSchemas | keyof typeof roomSchemas;

const uri = (id: string): string => `#/components/schemas/${id}`;

/** @param schemas by the name of their constant. */
function convert(schemas: Readonly<Record<string, z.ZodType>>, io: "input" | "output"): Record<string, JsonSchema> {
  const registry = z.registry<{ id: string }>();
  for (const { name, schema } of namedSchemas) registry.add(schema, { id: name });
  for (const [id, schema] of Object.entries(schemas)) registry.add(schema, { id });
  const converted = z.toJSONSchema(registry, { target: "draft-7", io, uri, override: tidySchema });
  const found = converted.schemas as Record<string, JsonSchema>;
  for (const schema of Object.values(found)) {
    delete schema["$schema"];
    delete schema["$id"];
  }
  for (const name of Object.keys(schemas)) if (found[name]) describe(found[name], commentsOn("messages", name), true);
  for (const { name, comments } of namedSchemas) if (found[name]) describe(found[name], comments, true);
  return found;
}

const ofClient = convert(clientSchemas, "input");
const ofRoom = convert(roomSchemas, "output");

/** What messages refer to. */
export const sharedSchemas: Readonly<Record<string, JsonSchema>> = Object.fromEntries(
  namedSchemas.flatMap(({ name }) => (ofRoom[name] ? [[name, ofRoom[name]]] : [])),
);

export function messageSchema(name: MessageSchemaName): JsonSchema {
  const schema = Object.hasOwn(clientSchemas, name) ? ofClient[name] : ofRoom[name];
  if (!schema) throw new Error(`no schema ${name}`);
  if (
    (name === "jsonChunkSchema" || name === "jsonLiveSchema" || name === "liveSchema") &&
    schema.properties?.["content_b64"]
  ) {
    Object.assign(schema.properties["content_b64"], {
      contentEncoding: "base64",
      contentMediaType: "application/octet-stream",
    });
  }
  return schema;
}

/** Query of the live channel. */
export const liveQuery = z.toJSONSchema(liveQuerySchema, {
  target: "draft-7",
  io: "input",
  override: tidySchema,
}) as JsonSchema;
delete liveQuery["$schema"];
