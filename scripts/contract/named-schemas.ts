/** The schemas that the published contract names, each with the comments beside it. */
import * as z from "zod";
import * as access from "../../schemas/access.ts";
import * as events from "../../schemas/speech/events.ts";
import * as corrections from "../../schemas/http/corrections.ts";
import * as finalize from "../../schemas/http/finalize.ts";
import * as health from "../../schemas/http/health.ts";
import * as pages from "../../schemas/http/events.ts";
import * as result from "../../schemas/http/result.ts";
import * as sessions from "../../schemas/http/sessions.ts";
import * as messages from "../../schemas/wire/messages.ts";
import * as names from "../../schemas/names.ts";
import * as problem from "../../schemas/http/problem.ts";
import * as speakers from "../../schemas/speech/speakers.ts";
import * as utterances from "../../schemas/speech/utterances.ts";
import * as webhooks from "../../schemas/webhooks.ts";
import { readComments, type SchemaComments } from "./source-comments.ts";

const { trackStatusSchema, topicSchema, declaredGapCauseSchema } = messages;
const { tokenClaimsSchema: _claims, ...accessSchemas } = access;
/** Schemas of messages are not among them: the messages themselves have names. */
const modules: Readonly<Record<string, object>> = {
  access: accessSchemas,
  events,
  corrections,
  finalize,
  health,
  pages,
  result,
  sessions,
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

/** Where under `schemas/` each of them stands. */
const paths: Readonly<Record<string, string>> = {
  events: "speech/events",
  corrections: "http/corrections",
  finalize: "http/finalize",
  health: "http/health",
  pages: "http/events",
  result: "http/result",
  sessions: "http/sessions",
  messages: "wire/messages",
  problem: "http/problem",
  speakers: "speech/speakers",
  utterances: "speech/utterances",
};

/** What the comments say of a constant of one of the modules above, or of another at the top of `schemas/`. */
export function commentsOn(module: string, constant: string): SchemaComments {
  const path = paths[module] ?? module;
  return readComments(new URL(`../../schemas/${path}.ts`, import.meta.url), constant) ?? nothing;
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
