import { expect, test } from "vitest";
import type * as z from "zod";
import { parseRoomName, roomName, sessionIdSchema, tenantSchema, trackNameSchema } from "../../schemas/names.ts";
import { clusterIdSchema } from "../../schemas/speech/speakers.ts";

/** Names of nothing. */
const never = ["", " ", "a b", "a/b", "a\\b", "../a", "a\n", "\na", "a\0", "a%2Fb", "é", "a?b", "a#b"];

interface NameRow {
  readonly title: string;
  readonly schema: z.ZodType;
  readonly good: readonly string[];
  /** Besides those that are names of nothing. */
  readonly bad: readonly string[];
}

const rows: readonly NameRow[] = [
  {
    title: "[N1] session id",
    schema: sessionIdSchema,
    good: ["a", "A1", "0", "a.b_c~d-e", "x".repeat(128)],
    bad: ["a:b", ".a", "-a", "_a", "~a", "x".repeat(129)],
  },
  {
    title: "[N1] track",
    schema: trackNameSchema,
    good: ["mixed", "mic", "0", "a_b-c", "x".repeat(32)],
    bad: ["a:b", "Mic", "_a", "-a", "a.b", "x".repeat(33)],
  },
  {
    title: "[N1] tenant",
    schema: tenantSchema,
    good: ["default", "a", "0-a", "x".repeat(63)],
    bad: ["a:b", "A", "-a", "a_b", "a.b", "x".repeat(64)],
  },
  {
    title: "[N4] cluster id",
    schema: clusterIdSchema,
    good: ["c1", "p12", "A", "0", "a.b_c~d:e-f", "x".repeat(64)],
    bad: [".a", "-a", "_a", "~a", ":a", "x".repeat(65)],
  },
];

test.for(rows)("$title", ({ schema, good, bad }) => {
  const isName = (text: string): boolean => schema.safeParse(text).success;
  expect(good.filter((text) => !isName(text))).toEqual([]);
  expect([...never, ...bad].filter(isName)).toEqual([]);
});

test("[T1] a room's name splits into what it was made of", () => {
  expect(parseRoomName(roomName("acme", "S.1"))).toEqual({ tenant: "acme", sessionId: "S.1" });
});

test("[T1] what is no room's name splits into nothing", () => {
  const wrong = ["", "a", "a/", "/a", "a/b/c", "a//b", "A/b", "a/b\n", "a /b"];
  expect(wrong.filter((name) => parseRoomName(name) !== undefined)).toEqual([]);
});
