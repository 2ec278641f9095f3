/** One operation of `openapi.json`, from its row in `schemas/http/operations.ts`. */
import * as z from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiResponseObject } from "zod-openapi";
import type { Operation, OperationId } from "../../schemas/http/operations.ts";
import { examplesOf } from "./examples.ts";
import { answerHeaders } from "./headers.ts";
import { keyParameters, parameterComponents, pathParametersOf } from "./parameters.ts";
import { problemAnswers } from "./problems.ts";
import { accessExtensions, accessSentence, securityOf } from "./security.ts";
import { tagOf } from "./tags.ts";

export function openapiOperation(id: OperationId, operation: Operation): ZodOpenApiOperationObject {
  const { body, isSocket } = operation;
  const queryFields = operation.query === undefined ? {} : { query: objectOf(operation.query) };
  return {
    operationId: id,
    tags: [tagOf[id]],
    summary: operation.summary.replace(/\.$/, ""),
    description: descriptionOf(operation),
    parameters: parametersOf(operation),
    ...(operation.query === undefined ? {} : { requestParams: queryFields }),
    ...(body === undefined ? {} : { requestBody: requestBody(id, body) }),
    ...(operation.audioBody === undefined ? {} : { requestBody: audioBody(operation.audioBody) }),
    ...(operation.bytesBody === undefined ? {} : { requestBody: bytesBody(operation.bytesBody) }),
    responses: { ...answersOf(id, operation), ...problemAnswers(operation) },
    security: securityOf(operation),
    ...accessExtensions(operation),
    ...(isSocket ? { "x-asyncapi-channel": id } : {}),
    ...(isSocket ? { externalDocs: { description: "Its messages.", url: "/asyncapi.json" } } : {}),
  };
}

function descriptionOf(operation: Operation): string {
  const { body, isSocket } = operation;
  return [
    operation.summary,
    accessSentence(operation),
    ...(body ? [`The body has at most ${body.maxBytes.toLocaleString("en-US")} bytes.`] : []),
    ...(isSocket
      ? [
          "A WebSocket upgrade. What a client must understand (no credential, session finalized, too many requests) is told on the accepted socket, as one `error` message and a close code, since browsers can't read a refused handshake.",
        ]
      : []),
  ].join("\n\n");
}

type Parameters = NonNullable<ZodOpenApiOperationObject["parameters"]>;

function parametersOf(operation: Operation): Parameters {
  const inPath = pathParametersOf(operation).map(([name, { schema, description, example }]) =>
    schema.meta({ param: { name, in: "path", description, example } }),
  );
  const headers: NonNullable<Operation["headers"]> = {
    ...operation.headers,
    ...(operation.underKey === undefined ? {} : keyParameters),
  };
  const inHeaders = Object.entries(headers).map(([name, { schema = z.string(), description }]) =>
    schema.optional().meta({ param: { name, in: "header", description } }),
  );
  const common = Object.keys(parameterComponents).map((name) => ({ $ref: `#/components/parameters/${name}` }));
  return [...inPath, ...inHeaders, ...common];
}

function requestBody(
  id: OperationId,
  { schema, maxBytes }: NonNullable<Operation["body"]>,
): NonNullable<ZodOpenApiOperationObject["requestBody"]> {
  const examples = { ...examplesOf(id).body };
  // An empty body counts as `{}`.
  const required = !schema.safeParse({}).success;
  return { required, content: { "application/json": { schema, examples } }, "x-max-body-bytes": maxBytes };
}

/** OpenAPI 3.1: bytes have no schema. */
const audioTypes = ["audio/wav", "audio/webm", "audio/ogg", "audio/mp4", "audio/L16"] as const;

function audioBody({
  maxBytes,
}: NonNullable<Operation["audioBody"]>): NonNullable<ZodOpenApiOperationObject["requestBody"]> {
  const form = { type: "object" as const, required: ["file"], properties: { file: {} } };
  const content = {
    ...Object.fromEntries(audioTypes.map((type) => [type, {}])),
    "multipart/form-data": { schema: form },
  };
  return { required: true, content, "x-max-body-bytes": maxBytes };
}

function bytesBody({
  maxBytes,
}: NonNullable<Operation["bytesBody"]>): NonNullable<ZodOpenApiOperationObject["requestBody"]> {
  return { required: true, content: { "application/octet-stream": {} }, "x-max-body-bytes": maxBytes };
}

/** Answers that come as events where they are asked for so. */
const streamed: ReadonlySet<OperationId> = new Set(["getEvents", "transcribe"]);

function answersOf(id: OperationId, operation: Operation): Record<string, ZodOpenApiResponseObject> {
  return Object.fromEntries(
    Object.entries(operation.answers).map(([status, { description, schema, contentType }]) => {
      const { answers, texts } = examplesOf(id);
      const content = {
        ...(schema ? { "application/json": { schema, examples: { ...answers[status] } } } : {}),
        ...(contentType === undefined ? {} : otherContent(contentType, texts?.[status])),
        ...(streamed.has(id) && status === "200" ? otherContent("text/event-stream", texts?.["200"]) : {}),
      };
      const headers = answerHeaders(id, operation, Number(status));
      return [status, { description, headers, ...(Object.keys(content).length > 0 ? { content } : {}) }];
    }),
  );
}

type Content = NonNullable<ZodOpenApiResponseObject["content"]>;

function otherContent(contentType: string, texts: Readonly<Record<string, object>> | undefined): Content {
  if (contentType === "application/json") return { [contentType]: { schema: { type: "object" } } };
  // OpenAPI 3.1: bytes have no schema.
  if (!contentType.startsWith("text/") && !contentType.includes("charset")) return { [contentType]: {} };
  return { [contentType]: { schema: { type: "string" }, ...(texts ? { examples: { ...texts } } : {}) } };
}

/** What `requestParams` takes: an object, whatever is checked about the whole of it. */
function objectOf(schema: z.ZodType): z.ZodObject {
  if (schema instanceof z.ZodObject) return schema;
  throw new Error("a query is an object");
}
