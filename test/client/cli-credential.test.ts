/** What `roomtone capture` shows the gateway, without a process of its own. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { runCapture } from "../../client/cli/capture-command.ts";
import { captureDefaults, parseCaptureOptions } from "../../client/cli/capture-options.ts";
import { readCredential, tokenProvider } from "../../client/cli/credential.ts";
import { tokenFromCommand } from "../../client/cli/token-command.ts";
import { UsageError } from "../../client/cli/usage-error.ts";
import { wavHeader } from "../../server/gateway/results/wav/wav.ts";
import { ackMessage, FakeRoom, readyMessage } from "./support/fake-room.ts";
import { samplesOf } from "./support/meeting.ts";

const key = `rt_abcdef012345_${"k".repeat(43)}`;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "roomtone-credential-"));
  closers.push(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const parse = (env: Record<string, string>, tokenCommand?: string) =>
  parseCaptureOptions(
    "-",
    { ...captureDefaults, session: "s", live: false, ...(tokenCommand && { tokenCommand }) },
    env,
  ).credential;

describe("where it comes from", () => {
  test("from the environment, a command, or nowhere", () => {
    expect(parse({})).toBeUndefined();
    expect(parse({ ROOMTONE_TOKEN: "", ROOMTONE_API_KEY: "" })).toBeUndefined();
    expect(parse({ ROOMTONE_TOKEN: "a.b.c" })).toEqual({ kind: "fixed", text: "a.b.c" });
    expect(parse({ ROOMTONE_API_KEY: key })).toEqual({ kind: "fixed", text: key });
    expect(parse({}, "echo a.b.c")).toEqual({ kind: "command", command: "echo a.b.c" });
  });

  test.each([
    [{ ROOMTONE_TOKEN: "a.b.c", ROOMTONE_API_KEY: key }, undefined],
    [{ ROOMTONE_TOKEN: "a.b.c" }, "echo a.b.c"],
    [{ ROOMTONE_API_KEY: key }, "echo a.b.c"],
  ])("not from two at once: %#", (env, command) => {
    expect(() => readCredential(command, env)).toThrow("Give one of");
  });

  test.each(["a.b.c", `${key}x`, key.toUpperCase()])("what is no API key is refused, unquoted: %#", (wrong) => {
    const reading = (): unknown => readCredential(undefined, { ROOMTONE_API_KEY: wrong });
    expect(reading).toThrow(UsageError);
    expect(reading).not.toThrow(wrong);
  });
});

test.each([
  ["Bearer a.b.c", 'begins with "Bearer"'],
  [`bearer ${key}`, 'begins with "Bearer"'],
  ["Bearer x", 'begins with "Bearer"'],
  ["a.b.c\n", "blanks or line breaks"],
  [" a.b.c", "blanks or line breaks"],
  ['"a.b.c"', "quotation marks"],
  ["s3cret", "three parts with dots"],
  ["a.b", "three parts with dots"],
  ["a.b.c.d", "three parts with dots"],
  [`${key}x`, "damaged API key"],
  [`a.${"b".repeat(8_192)}.c`, "longer than"],
])("[V2] what can be no token is refused before anything is sent, unquoted: %#", (wrong, says) => {
  const reading = (): unknown => readCredential(undefined, { ROOMTONE_TOKEN: wrong });
  expect(reading).toThrow(UsageError);
  expect(reading).toThrow(says);
  expect(reading).not.toThrow("s3cret");
});

test("a token may be an API key as well", () => {
  expect(readCredential(undefined, { ROOMTONE_TOKEN: key })).toEqual({ kind: "fixed", text: key });
});

describe("a token command", () => {
  test("gives what it prints, without the white space around it", async () => {
    expect(await tokenFromCommand("printf '\\n a.b.c \\n'")).toBe("a.b.c");
  });

  test.each([
    ["exit 3", "the token command ended with 3"],
    ["kill -9 $$", "the token command ended with SIGKILL"],
    ["true", "what the token command gave is empty"],
    ["echo two s3crets", "what the token command gave has blanks or line breaks in it: a token has none"],
    ["echo Bearer a.b.c", 'what the token command gave begins with "Bearer": give what follows that word alone'],
    // It never ends, and what it started holds its output.
    ["yes s3cret", "the token command gave far more than a token"],
    ["yes s3cret | cat", "the token command gave far more than a token"],
  ])("%s", async (command, says) => {
    await expect(tokenFromCommand(command)).rejects.toThrow(new Error(says));
  });
});

test("[P5] a command is run before every connection, so that a capture outlives its tokens", async () => {
  const offers: (string | undefined)[] = [];
  const room = await FakeRoom.start(
    (peer, frame) => {
      if (frame.type === "hello") peer.say(readyMessage("s", peer.connection - 1));
      if (frame.type === "end") peer.say({ type: "ended", last_seq: frame["last_seq"], complete: true, missing: [] });
      if (frame.type !== "chunk") return;
      peer.say(ackMessage(frame));
      if (peer.connection > 1) return;
      peer.say({ type: "error", code: "token_expired", detail: "Get a new one.", retryable: false });
      peer.close(4401, "token_expired");
    },
    (peer) => offers.push(peer.offers[1]),
  );
  closers.push(() => room.close());
  const folder = await newFolder();
  const [file, count] = [join(folder, "meeting.wav"), join(folder, "count")];
  const samples = samplesOf(1, 2);
  const wav = [wavHeader({ fromSample: 0, toSample: samples.length }), new Uint8Array(samples.buffer)];
  await writeFile(file, Buffer.concat(wav));
  const options = parseCaptureOptions(
    file,
    {
      ...captureDefaults,
      url: room.url,
      session: "s",
      encoding: "json",
      spool: join(folder, "spool"),
      live: false,
      tokenCommand: `echo x >> '${count}'; echo a.b.$(($(wc -l < '${count}')))`,
    },
    {},
  );
  const report = await runCapture(options, new AbortController().signal);
  expect(report).toMatchObject({ complete: true, reconnects: 1, seconds: 2 });
  expect(offers).toEqual(["bearer.a.b.1", "bearer.a.b.2"]);
});

test("a fixed credential is given each time", () => {
  const provider = tokenProvider({ kind: "fixed", text: key });
  expect([provider(), provider()]).toEqual([key, key]);
});
