/** What `npm start` prints: its log as lines for people, and variables that it does not know. */
import { describe, expect, test } from "vitest";
import { allVariables } from "../../server/shared/config/config.ts";
import { readableLog } from "../../scripts/local/readable-log.ts";
import { unknownVariables } from "../../server/shared/config/installation/unknown-variables.ts";

const plain = { now: new Date(2026, 0, 31, 9, 5, 7), isColoured: false, withStacks: false };
const said = (message: string, level = "error", options: object = {}): string | undefined =>
  readableLog({ level, message }, { ...plain, ...options });

describe("log lines", () => {
  test("a line of the Workers is its time, level, event and fields", () => {
    const line = { level: "warn", event: "archive.put_failed", session: "m1", seq: 7, error: 'Error: put "a" failed' };
    expect(said(JSON.stringify(line), "warn")).toBe(
      '09:05:07 warn archive.put_failed session=m1 seq=7 error="Error: put \\"a\\" failed"',
    );
  });

  test("what somebody else said in a field, or a runtime in a line, steers no terminal", () => {
    const line = { level: "warn", event: "model.refused", answer: "\u001b[2J\u009b31m", name: "a\u202eb", plain: "ü" };
    expect(said(JSON.stringify(line))).toBe(
      '09:05:07 warn model.refused answer="\\u001b[2J\\u009b31m" name="a\\u202eb" plain=ü',
    );
    expect(said("bad \u009b2J thing \u001b]0;title\u0007")).not.toMatch(/\p{Cc}/u);
  });

  test("what a field holds makes neither another line nor another field", () => {
    const line = said(JSON.stringify({ level: "warn", event: "x", error: "a\nseq=9", empty: "", id: "a=b" }));
    expect(line).toBe('09:05:07 warn x error="a\\nseq=9" empty="" id="a=b"');
  });

  test("a stack is its first line, and whole where it is asked for", () => {
    const stack = "Error: Network connection lost.\n    at fetch (file:///a/b.js:1:2)\n    at async c (d.js:3:4)\n";
    expect(said(stack)).toBe(
      "09:05:07 error Error: Network connection lost. (and 2 lines of stack: ROOMTONE_STACKS=1 prints them)",
    );
    expect(said(stack, "error", { withStacks: true })).toContain("at async c");
  });

  test("a file that was locked for a moment is no error: who met it asks again, or says so", () => {
    const told =
      "failed: SQLite failed; dbErrorMessage(err, db) = database is locked: SQLITE_BUSY · stack: /bin/workerd@3fdbce7";
    expect(said(`e = workerd/util/sqlite.c++:1827: ${told}`)).toBe(
      "09:05:07 warn a file of the state was locked for a moment (SQLITE_BUSY)",
    );
    expect(said(`e = workerd/util/sqlite.c++:1827: ${told}`, "error", { withStacks: true })).toContain(
      "workerd@3fdbce7",
    );
    // What a Worker let through stays what it is.
    expect(said(`uncaught exception; source = Uncaught; ${told}`)).toContain("error uncaught exception");
  });

  test.for(["{", "{}", "[1]", '{"level":1,"event":"x"}', '{"event":"x"}', "ready", "a: {b}"])(
    "%j is printed as it is",
    (text) => {
      expect(said(text, "info")).toBe(`09:05:07 info ${text}`);
    },
  );

  test("no colour unless it is wanted, and none of anybody else's", () => {
    const escape = "\u001b";
    expect(said("\u001b[31mred\u001b[0m")).toBe("09:05:07 error red");
    expect(said("x", "error", { isColoured: true })).toContain(escape);
    expect(said("x", "info", { isColoured: true })).not.toContain(escape);
    expect(said(" \n ")).toBeUndefined();
  });
});

describe("variables that nobody reads", () => {
  const known = [...Object.keys(allVariables), "PORT", "STATE_DIR", "HOST"];
  const meant: readonly [string, string][] = [
    ["JWT_SECERT", "JWT_SECRET"],
    ["JWT_SECRETS", "JWT_SECRET"],
    ["jwt_secret", "JWT_SECRET"],
    ["RETENTION_DAY", "RETENTION_DAYS"],
    ["WEBHOOK_SECRT", "WEBHOOK_SECRET"],
    ["WEBHOOK_ALLOW_LOOPBAK", "WEBHOOK_ALLOW_LOOPBACK"],
    ["AUTHMODE", "AUTH_MODE"],
    ["RATE_LIMIT", "RATE_LIMIT_PER_MINUTE"],
    ["STATEDIR", "STATE_DIR"],
    ["INFERENCE_BASE_URI", "INFERENCE_BASE_URL"],
  ];
  test.for(meant)("%s is told, and %s is what was meant", ([given, wanted]) => {
    expect(unknownVariables({ [given]: "x" }, known)).toEqual([
      `${given} is no variable of the gateway and is ignored. Did you mean ${wanted}?`,
    ]);
  });

  test("one that is like none, with a beginning of ours, is told too", () => {
    expect(unknownVariables({ WEBHOOK_COLOUR: "red" }, known)).toEqual([
      "WEBHOOK_COLOUR is no variable of the gateway and is ignored. The variables are in docs/reference.md.",
    ]);
  });

  test("what other programs use, and what is empty, is passed over", () => {
    const others =
      "HOME PATH HOSTNAME LANG TERM USER SHELL PWD TOKEN MAX_MEMORY NODE_ENV npm_config_cache AUTHORITY PORTS";
    const env = { ...Object.fromEntries(others.split(" ").map((name) => [name, "x"])), JWT_SECERT: "" };
    expect(unknownVariables(env, known)).toEqual([]);
    expect(unknownVariables(Object.fromEntries(known.map((name) => [name, "x"])), known)).toEqual([]);
  });
});
