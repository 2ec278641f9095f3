import { expect, test } from "vitest";
import { httpErrors } from "../../schemas/wire/errors.ts";
import { failureOf, problems, type Reason } from "../../server/gateway/http/problems.ts";

/** Facts of every kind, so that each row can make its sentence. */
const facts = {
  allow: "GET",
  allowed: ["mixed"],
  area: "ingest",
  code: "bad_request",
  detail: "The text of a failure.",
  field: "name",
  issues: ["JWT_SECRET: missing"],
  limit: 1,
  maxBytes: 1,
  eventCount: 3,
  maxTracks: 1,
  message: "is missing",
  name: "limit",
  retryAfterMs: 1_500,
  size: 1,
  track: "mic",
  why: "it must be https",
};

test("each reason has a code of the table, and a whole sentence without a hole", () => {
  for (const reason of Object.keys(problems)) {
    const { code, detail } = failureOf({ ...facts, reason } as Reason);
    expect(Object.keys(httpErrors)).toContain(code);
    expect([reason, detail]).toEqual([reason, expect.stringMatching(/^.*\S+ \S.*[.…]$/u)]);
    expect(detail).not.toMatch(/undefined|NaN|\[object/);
  }
});

test("a wait is given in whole seconds, never less than it is", () => {
  const { headers } = failureOf({ reason: "inference_unavailable", retryAfterMs: 1_001 });
  expect(headers).toEqual({ "retry-after": "2" });
});
