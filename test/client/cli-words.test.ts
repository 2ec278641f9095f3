/** How the command ends badly: always a sentence that says what to do, never one of the inside. */
import { expect, test } from "vitest";
import { failureWords } from "../../client/cli/failure-words.ts";
import { RecorderError } from "../../client/cli/recorder.ts";
import { UsageError } from "../../client/cli/usage-error.ts";
import { CaptureFailedError } from "../../client/capture/capture-types.ts";
import { RoomtoneHttpError, RoomtoneNetworkError, RoomtoneTimeoutError } from "../../client/results/results-errors.ts";

const given = { hasCredential: true, isCapture: true, env: {} };
const words = (cause: unknown, env: NodeJS.ProcessEnv = {}): string => failureWords(cause, { ...given, env });

function systemError(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: it went wrong, ${syscall}`), { code, syscall });
}

test("[V4] a gateway that asks for a credential: which variables give one, unless one was given", () => {
  const refused = new CaptureFailedError("unauthorized", "Send an API key or a session token: Authorization: Bearer …");
  expect(failureWords(refused, { ...given, hasCredential: false })).toMatch(/set ROOMTONE_API_KEY or ROOMTONE_TOKEN/);
  expect(words(refused)).toMatch(/\(unauthorized\) What was not kept yet is in the spool/);
});

test("[V4] where no gateway answers, or something that is none, the address is named, and is plain", () => {
  const call = { method: "GET", path: "v1/sessions", traceId: "0".repeat(32) } as const;
  const url = "http://127.0.0.1:8787/\u001b[2J";
  const said = (cause: unknown): string => failureWords(cause, { ...given, url });
  const asked = "Is the gateway at http://127.0.0.1:8787/ [2J running? --url names another.";
  expect(said(new RoomtoneNetworkError(call, "got no answer: connect ECONNREFUSED 127.0.0.1:8787."))).toBe(
    `GET v1/sessions got no answer: connect ECONNREFUSED 127.0.0.1:8787. ${asked}`,
  );
  const problem = { status: 404, detail: "No.", retryAfterMs: undefined };
  expect(said(new RoomtoneHttpError(call, { ...problem, code: "unexpected_answer" }))).toContain(asked);
  expect(said(new RoomtoneHttpError(call, { ...problem, code: "not_finalized" }))).toContain(
    "`roomtone finalize` does it.",
  );
  // These are a gateway's.
  expect(said(new RoomtoneHttpError(call, { ...problem, code: "session_not_found" }))).not.toContain("--url");
  expect(said(new RoomtoneTimeoutError(call, "got no whole answer in 10 ms."))).not.toContain("--url");
});

test("[V4] a recorder that never began speaks of no spool", () => {
  expect(words(new RecorderError("No program to record with: install one of a, b"))).toBe(
    "No program to record with: install one of a, b.",
  );
  expect(words(new RecorderError("arecord failed (code 1)", { hasBegun: true }))).toMatch(/If anything was recorded/);
});

test("[V4] a fault of the machine is told as that", () => {
  expect(words(systemError("EIO", "read"))).toMatch(/^The system refused: EIO: it went wrong, read\. .*in the spool/);
  const full = systemError("ENOSPC", "write");
  expect(words(new CaptureFailedError("outbox", `The outbox failed: ${String(full)}`, { cause: full }))).toBe(
    "The spool failed: ENOSPC: it went wrong, write. What is in it stays there.",
  );
});

test("[V4] a bug is called one, and shows its stack to those who ask for it", () => {
  const bug = new TypeError("x is not a function");
  expect(words(bug)).toMatch(/^This is a bug: x is not a function\. Please report it\..*ROOMTONE_DEBUG=1/);
  expect(words(bug)).not.toContain("\n");
  expect(words(bug, { ROOMTONE_DEBUG: "1" })).toContain("\n    at ");
  expect(words("thrown")).toBe("Unexpected: thrown.");
});

test("[V4] what the person can put right is told as it is", () => {
  expect(words(new UsageError("Give one source."))).toBe("Give one source.");
});

test("[V4] a command that keeps nothing in a spool speaks of none, whatever became of it", () => {
  const causes = [
    systemError("EIO", "read"),
    systemError("ENOSPC", "write"),
    new TypeError("x is not a function"),
    new UsageError("There is no file a.wav."),
    "thrown",
  ];
  for (const cause of causes) {
    const text = failureWords(cause, { ...given, isCapture: false });
    expect(text).toMatch(/\.$/);
    expect(text).not.toContain("spool");
    expect(text).not.toContain("same command");
  }
});

test("[V4] what a gateway, or whatever answers in its place, says of a failure does not steer the terminal", () => {
  const said = "No.\u001b[2J\r\nAll is kept.\u009b31m\u202e";
  for (const cause of [
    new CaptureFailedError("forbidden", said),
    new UsageError(said),
    systemError(said, "read"),
    said,
  ])
    expect(words(cause)).not.toMatch(/[\p{Cc}\u202e]/u);
});
