/** `openapi.json`: all of HTTP, from `schemas/http/operations.ts` and what stands beside it. */
import { createDocument, createSchema, type ZodOpenApiPathsObject } from "zod-openapi";
import { tokenClaimsSchema } from "../../schemas/access.ts";
import { type OperationId, operations } from "../../schemas/http/operations.ts";
import { webhookTypes } from "../../schemas/webhooks.ts";
import { headerComponents } from "./headers.ts";
import { commentsOn, namedSchemas } from "./named-schemas.ts";
import { openapiOperation } from "./openapi-operation.ts";
import { openapiBudgetWebhook, openapiWebhook } from "./openapi-webhook.ts";
import { parameterComponents, templateOf } from "./parameters.ts";
import { outsideOperations, problemExamples } from "./problems.ts";
import { securitySchemes } from "./security.ts";
import { limitsTable, limitsText, problemTable, problemText } from "./tables.ts";
import { tags } from "./tags.ts";
import { describe, type JsonSchema, tidySchema, withoutUnused } from "./tidy-schema.ts";
import { version } from "./version.ts";

const schemaPrefix = "#/components/schemas/";
const description = `Realtime audio ingest for meetings: audio comes in over WebSockets second by second, speakers get their names, and every acknowledged second can be had again.

- JSON in and out. A field of an answer that you don't know is to be ignored; a field of a body that the gateway doesn't know is refused where the schema says \`additionalProperties: false\`, and ignored elsewhere.
- Every answer has \`x-trace-id\`. Errors are \`application/problem+json\` (RFC 9457) with a \`code\` to act on and the \`trace_id\`.
- \`GET\` routes answer \`HEAD\` too, but for WebSockets. Another method is 405 \`method_not_allowed\` with \`Allow\`, another path 404 \`not_found\`.
- Each part of a path is percent-decoded once: \`a~b\` and \`a%7Eb\` are one name.
- The messages of the WebSockets are in [asyncapi.json](/asyncapi.json); both documents as a page: [/docs](/docs).

## Problems

${problemText}

## Limits

Values where a deployment sets no other. A variable can set another one; \`off\` lifts it where \`x-limits\` says so.

${limitsText}`;

function paths(): ZodOpenApiPathsObject {
  const found: Record<string, Record<string, object>> = {};
  for (const [id, operation] of Object.entries(operations) as [OperationId, (typeof operations)[OperationId]][]) {
    const path = (found[templateOf(operation.path)] ??= {});
    path[operation.method.toLowerCase()] = openapiOperation(id, operation);
  }
  return found;
}

/** The claims of a token are in no body: a schema that only a description names. */
const { schema: claims, components: claimParts } = createSchema(tokenClaimsSchema, {
  io: "input",
  openapiVersion: "3.1.1",
  schemaComponents: Object.fromEntries(namedSchemas.map(({ name, schema }) => [name, schema])),
  opts: { override: tidySchema },
});
const claimsSchema = { ...(claims as JsonSchema) };
describe(claimsSchema, commentsOn("access", "tokenClaimsSchema"));

function openapiDocument(): object {
  const document = createDocument(
    {
      openapi: "3.1.1",
      info: { title: "Roomtone", version, summary: "Realtime audio gateway for meetings", description },
      servers: [{ url: "/", description: "The gateway that this document comes from." }],
      tags: Object.entries(tags).map(([name, text]) => ({ name, description: text })),
      security: [],
      paths: paths(),
      webhooks: {
        ...Object.fromEntries(webhookTypes.map((type) => [type, openapiWebhook(type)])),
        "budget.reached": openapiBudgetWebhook,
      },
      components: {
        schemas: Object.fromEntries(namedSchemas.map(({ name, schema }) => [name, schema])),
        securitySchemes,
        headers: headerComponents,
        parameters: parameterComponents,
        examples: problemExamples,
      },
      "x-limits": limitsTable,
      "x-problems": problemTable.map((row) => ({
        ...row,
        ...(outsideOperations.some((code) => code === row.code) ? { outside_operations: true } : {}),
      })),
    },
    { override: tidySchema },
  );
  const { components = {}, ...rest } = document;
  const schemas = { ...claimParts, ...components.schemas } as Record<string, JsonSchema>;
  for (const { name, comments } of namedSchemas) if (schemas[name]) describe(schemas[name], comments);
  const used = withoutUnused({ rest, components: { ...components, schemas: {} }, claimsSchema }, schemas, schemaPrefix);
  return { ...rest, components: { ...components, schemas: { ...used, TokenClaims: claimsSchema } } };
}

export const openapi = openapiDocument();
