import { describe, expect, test } from "vitest";
import * as z from "zod";
import { mintBodySchema } from "../../schemas/access.ts";
import { turnBodySchema } from "../../schemas/http/corrections.ts";
import { finalizeBodySchema } from "../../schemas/http/finalize.ts";
import { type Operation, operations } from "../../schemas/http/operations.ts";
import { partParameterSchema } from "../../schemas/http/sync.ts";
import { createSessionBodySchema, sessionConfigSchema } from "../../schemas/http/sessions.ts";
import { resolveBodySchema } from "../../schemas/speech/speakers.ts";
import { postedUtteranceSchema } from "../../schemas/speech/utterances.ts";
import { examplesOf } from "../../scripts/contract/examples.ts";
import { fieldsAt, nearestName } from "../../server/shared/http/field-names.ts";
import { wordsOf } from "../../server/shared/http/issue-words.ts";
import { randomFrom, seed } from "./support/random.ts";

const withBodies = Object.entries(operations as Readonly<Record<string, Operation>>).flatMap(
  ([id, { body, takesAnything }]) => (body && takesAnything !== true ? [[id, body.schema] as const] : []),
);

type Path = (string | number)[];

/** Where objects lie in a value. */
function objectsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [];
  const inside = Array.isArray(value)
    ? value.flatMap((item, i) => objectsIn(item, [...path, i]))
    : Object.entries(value).flatMap(([name, item]) => objectsIn(item, [...path, name]));
  return Array.isArray(value) ? inside : [path, ...inside];
}

function withField(value: unknown, [step, ...rest]: Path, name: string, field: unknown): unknown {
  if (step === undefined) return { ...(value as object), [name]: field };
  if (Array.isArray(value)) return value.map((item, i) => (i === step ? withField(item, rest, name, field) : item));
  const record = value as Record<string, unknown>;
  return { ...record, [step]: withField(record[step], rest, name, field) };
}

test.each(withBodies)(
  `[U4] a field that %s does not know is refused by its name, wherever it stands (seed ${seed})`,
  (id, schema) => {
    const random = randomFrom(seed);
    const values: unknown[] = [null, 1, "a", true, {}, [], { a: 1 }];
    const bodies = Object.values(examplesOf(id as Parameters<typeof examplesOf>[0]).body ?? {});
    expect(bodies.length).toBeGreaterThan(0);
    for (const { value } of bodies) {
      expect(schema.safeParse(value).success).toBe(true);
      for (const path of objectsIn(value)) {
        const known = fieldsAt(schema, path);
        // Whatever the caller likes: `metadata`, and the names of tracks.
        if (known.length === 0) continue;
        for (let run = 0; run < 20; run += 1) {
          const misspelt = known[random(known.length)] ?? "";
          const name = random(2) === 0 ? `x${random(1_000_000)}` : `${misspelt}${random(10)}`;
          const body = withField(value, path, name, values[random(values.length)]);
          const { error } = schema.safeParse(body);
          const field = error && wordsOf(error, schema, body, "body").field;
          expect(field).toBe([...path, name].join("."));
        }
      }
    }
  },
);

test("[U4] queries are as strict as bodies", () => {
  const rows = Object.values<Operation>(operations).filter(({ takesAnything }) => takesAnything !== true);
  const taken = rows.filter(({ query }) => query?.safeParse({ no_such_parameter: "1" }).success);
  expect(taken).toEqual([]);
});

test("[U4] a number of a query is its digits: what JavaScript takes for one besides is refused", () => {
  let numbers = 0;
  for (const { query, takesAnything } of Object.values<Operation>(operations)) {
    if (query === undefined || takesAnything === true) continue;
    for (const name of Object.keys((query as { shape?: object }).shape ?? {})) {
      const read = query.safeParse({ [name]: "1" });
      if (!read.success || typeof (read.data as Record<string, unknown>)[name] !== "number") continue;
      numbers += 1;
      for (const text of ["", " 1", "1 ", "0x1", "1e0", "1.0", "+1", "0b1", "\u0661", "1_0"])
        expect([name, text, query.safeParse({ [name]: text }).success]).toEqual([name, text, false]);
    }
  }
  expect(numbers).toBeGreaterThan(5);
  for (const text of ["", " 1", "0x1", "1e0", "1.0"]) expect(partParameterSchema.safeParse(text).success).toBe(false);
  expect(partParameterSchema.parse("7")).toBe(7);
});

const said: readonly [field: string, message: string, body: unknown, schema: z.ZodType][] = [
  ["sessionId", "is no field here; did you mean session_id?", { sessionId: "a" }, createSessionBodySchema],
  ["graceMs", "is no field here; did you mean grace_ms?", { graceMs: 60_000 }, finalizeBodySchema],
  ["expected", "is no field here; did you mean expect?", { expected: { mic: 1 } }, finalizeBodySchema],
  [
    "expect.Mic",
    "is no name that may stand here: it is a-z, 0-9, _ and -, at most 32 characters, starting with a letter or digit",
    { expect: { Mic: 1 } },
    finalizeBodySchema,
  ],
  ["roster.0", "must be an object, not a string", { roster: ["Ada"] }, createSessionBodySchema],
  ["roster.0.name", "is missing", { roster: [{}] }, createSessionBodySchema],
  ["roster.0.nam", "is no field here; did you mean name?", { roster: [{ nam: "Ada" }] }, createSessionBodySchema],
  ["body", "must be an object, not an array", [], createSessionBodySchema],
  ["body", "must be an object, not null", null, createSessionBodySchema],
  [
    "session_id",
    "is A-Z, a-z, 0-9, ., _, ~ and -, at most 128 characters, starting with a letter or digit",
    { session_id: "a/b" },
    createSessionBodySchema,
  ],
  [
    "webhook_url",
    "must be an address that begins with https:// or http://",
    { webhook_url: "example.com" },
    createSessionBodySchema,
  ],
  ["resolve.window_chunks", "must be at least 1", { resolve: { window_chunks: 0 } }, sessionConfigSchema],
  ["retention_days", "must be a number, not a string", { retention_days: "30" }, sessionConfigSchema],
  [
    "retention_days",
    "must be a whole number, not a number with a fraction",
    { retention_days: 1.5 },
    sessionConfigSchema,
  ],
  ["role", "is missing", {}, mintBodySchema],
  ["role", 'must be "capture" or "observe" or "edit" or "converse"', { role: "admin" }, mintBodySchema],
  ["tracks", "must have at least 1 entry", { role: "edit", tracks: [] }, mintBodySchema],
  ["clusterId", "is no field here; did you mean cluster_id?", { clusterId: "c1" }, turnBodySchema],
  ["cluster_id", "must be a string, not a number", { cluster_id: 5 }, turnBodySchema],
  ["suggestion", 'must be "confirmed" or "refused"', { suggestion: "yes" }, turnBodySchema],
  [
    "suggestion",
    "can't stand beside the other fields that were sent",
    { cluster_id: "c1", suggestion: "refused" },
    turnBodySchema,
  ],
  [
    "audio.rate",
    "is no field here; there is content_b64, format, sample_rate, channels",
    { audio: { content_b64: "AAAA", format: "pcm", rate: 8_000 } },
    resolveBodySchema,
  ],
  [
    "speaker_name",
    "is no field here; there is utterance_id, track, start_ms, end_ms, text, speaker, final, model, revision",
    { start_ms: 0, end_ms: 1, text: "a", speaker_name: "Ada" },
    postedUtteranceSchema,
  ],
  [
    "text",
    "must have at most 4000 characters",
    { start_ms: 0, end_ms: 1, text: "a".repeat(4_001) },
    postedUtteranceSchema,
  ],
  ["a", "must be true or false, not a string", { a: "true" }, z.object({ a: z.boolean() })],
];
test.each(said)("[U4] what is wrong is said in words: %s %s", (field, message, body, schema) => {
  const { error } = schema.safeParse(body);
  expect(error && wordsOf(error, schema, body, "body")).toEqual({ field, message });
});

describe("names that are near", () => {
  const known = ["session_id", "grace_ms", "limit", "q", "after"];
  test.each([
    ["sessionId", "session_id"],
    ["SESSION-ID", "session_id"],
    ["sesion_id", "session_id"],
    ["graceMs", "grace_ms"],
    ["limits", "limit"],
    ["since", undefined],
    ["x", undefined],
    ["s".repeat(100_000), undefined],
    ["", undefined],
  ])("[U4] %s: %s", (name, nearest) => expect(nearestName(name, known)).toBe(nearest));
});
