/** The schemas that the published contract names, each with the comments beside it. */
import * as z from "zod";
import * as access from "../../../schemas/access.ts";
import * as events from "../../../schemas/events.ts";
import * as http from "../../../schemas/http.ts";
import * as messages from "../../../schemas/messages.ts";
import * as names from "../../../schemas/names.ts";
import * as problem from "../../../schemas/problem.ts";
import * as speakers from "../../../schemas/speakers.ts";
import * as utterances from "../../../schemas/utterances.ts";
import * as webhooks from "../../../schemas/webhooks.ts";
import { readComments, type SchemaComments } from "./source-comments.ts";

const { trackStatusSchema, topicSchema, declaredGapCauseSchema } = messages;
const { tokenClaimsSchema: _claims, ...accessSchemas } = access;
/** Schemas of messages are not among them: the messages themselves have names. */
const modules: Readonly<Record<string, object>> = {
  access: accessSchemas,
  events,
  http,
  messages: { trackStatusSchema, topicSchema, declaredGapCauseSchema },
  names,
  problem,
  speakers,
  utterances,
  webhooks,
};

export interface NamedSchema {
  /** Such as `SessionState`. */
  readonly name: string;
  readonly schema: z.ZodType;
  readonly comments: SchemaComments;
}

const nothing: SchemaComments = { fields: new Map() };

/** What is said beside a constant of `schemas/<module>.ts`. */
export function commentsOn(module: string, constant: string): SchemaComments {
  return readComments(new URL(`../../../schemas/${module}.ts`, import.meta.url)).get(constant) ?? nothing;
}

export const namedSchemas: readonly NamedSchema[] = Object.entries(modules).flatMap(([module, exported]) =>
  Object.entries(exported).flatMap(([constant, schema]: [string, unknown]) =>
    schema instanceof z.ZodType && constant.endsWith("Schema")
      ? [{ name: nameOf(constant), schema, comments: commentsOn(module, constant) }]
      : [],
  ),
);

/** `sessionStateSchema` → `SessionState`. */
function nameOf(constant: string): string {
  const bare = constant.replace(/Schema$/, "");
  return bare.charAt(0).toUpperCase() + bare.slice(1);
}
