/** `roomtone capture` as a process, against a real gateway. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newSession, sessionState } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { until } from "../../client/testkit/until.ts";
import { finalize } from "./support/meeting.ts";
import { bin, roomtone, sample } from "./support/roomtone.ts";

const sampleSeconds = 71;
const gateway = useGateway();
let spool = "";

beforeAll(async () => {
  spool = await mkdtemp(join(tmpdir(), "roomtone-spool-"));
});
afterAll(() => rm(spool, { recursive: true, force: true }));

interface Unreachable {
  readonly url?: string;
  readonly token?: string;
}

async function received(session: string): Promise<number> {
  const state = await sessionState(gateway, session).catch(() => undefined);
  return state?.ingest.received_chunks ?? 0;
}

/** A folder with nothing in it but this as `arecord`. */
async function pathWith(program?: string): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(spool, "path-"));
  if (program !== undefined) await writeFile(join(folder, "arecord"), program, { mode: 0o755 });
  return { PATH: folder, RECORDER_LOG: join(folder, "called") };
}

function record(session: string, ...device: string[]): string[] {
  return ["capture", "--session", session, "--url", gateway.url, "--spool", spool, "--device", ...device];
}

function capture(session: string, source: string): string[] {
  return ["capture", source, "--session", session, "--url", gateway.url, "--spool", spool];
}

test.concurrent("a WAV file is captured whole, and told in one line of JSON", async () => {
  const session = newSession();
  const run = await roomtone(capture(session, sample));
  expect(run).toMatchObject({ code: 0, stderr: "" });
  const report: unknown = JSON.parse(run.stdout);
  expect(report).toMatchObject({ complete: true, seconds: sampleSeconds, missing: [], lost: [], continued_from: 0 });
  expect((await sessionState(gateway, session)).ingest).toMatchObject({
    received_chunks: sampleSeconds,
    missing_chunks: 0,
    duplicate_chunks: 0,
  });
});

test.concurrent("raw PCM on stdin is captured whole", async () => {
  const session = newSession();
  const pcm = (await readFile(sample)).subarray(44, 44 + 3 * 32_000 + 999);
  const run = await roomtone([...capture(session, "-"), "--encoding", "json"], { input: pcm });
  expect(run.code).toBe(0);
  expect((await sessionState(gateway, session)).ingest.received_chunks).toBe(4);
});

test.concurrent("[C4] samples of another sort than was said are refused by name, and end no track", async () => {
  const session = newSession();
  const pcm = (await readFile(sample)).subarray(44, 44 + 10 * 32_000);
  const floats = Float32Array.from(
    new Int16Array(pcm.buffer.slice(pcm.byteOffset, pcm.byteOffset + pcm.length)),
    (x) => x / 32_768,
  );
  const run = await roomtone(capture(session, "-"), { input: Buffer.from(floats.buffer) });
  expect(run).toMatchObject({ code: 1, stdout: "" });
  expect(run.stderr).toMatch(/32-bit float samples \(f32le\), not s16le.* The track was not ended/);
  const swapped = await roomtone(capture(session, "-"), { input: Buffer.from(pcm.subarray(96_000)).swap16() });
  expect(swapped).toMatchObject({ code: 1, stdout: "" });
  expect(swapped.stderr).toContain("the other byte order (s16be)");
});

test("killed in the middle and run again, it goes on where it stopped", async () => {
  const session = newSession();
  // Paced, or a fast machine is done before it is killed.
  const killed = await roomtone([...capture(session, sample), "--speed", "20"], {
    interrupt: { signal: "SIGKILL", when: async () => (await received(session)) > 0 },
  });
  expect(killed.code).toBeNull();
  const again = await roomtone(capture(session, sample));
  expect(again.code).toBe(0);
  expect((await sessionState(gateway, session)).ingest).toMatchObject({
    last_seq: sampleSeconds,
    received_chunks: sampleSeconds,
    missing_chunks: 0,
  });
});

test("a file read at a pace takes its time, and Ctrl-C leaves the rest in the spool", async () => {
  const session = newSession();
  const run = await roomtone([...capture(session, sample), "--speed", "20"], {
    interrupt: { signal: "SIGINT", when: async () => (await received(session)) > 5 },
  });
  expect(run.code).toBe(130);
  expect(run.stderr).toContain("run the same command again");
  expect(await received(session)).toBeLessThan(sampleSeconds);
  const again = await roomtone(capture(session, sample));
  expect(again.code).toBe(0);
  expect(await received(session)).toBe(sampleSeconds);
});

test("Ctrl-C ends at once, also where stdin gives nothing", async () => {
  const session = newSession();
  const child = spawn(process.execPath, [bin, ...capture(session, "-"), "--live"], { stdio: "pipe" });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += text.toString()));
  await until(() => said.includes("Waiting for the first samples") || undefined, { what: "its word that it waits" });
  child.kill("SIGINT");
  expect(await ended).toBe(130);
});

test.concurrent.each([
  ["refused", {}, /Not connected to http:\/\/127\.0\.0\.1:1 for 5 s: the connection was refused.*ECONNREFUSED/],
  ["no token", { token: "exit 7" }, /Not connected to \S+ for 5 s: the token command ended with 7/],
  ["no such host", { url: "http://nowhere.invalid" }, /Not connected to http:\/\/nowhere\.invalid for 5 s: the host/],
])("[V1] where it can't connect, a log says so and why: %s", async (_, { url, token }: Unreachable, says) => {
  const spoolOfThis = join(spool, newSession());
  const args = ["capture", sample, "--session", "s", "--spool", spoolOfThis, "--url", url ?? "http://127.0.0.1:1"];
  const child = spawn(process.execPath, [bin, ...args, ...(token === undefined ? [] : ["--token-command", token])], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.on("data", (text: Buffer) => (said += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  await until(() => says.test(said) || undefined, { what: () => `a word on stderr; ${said}`, timeoutMs: 20_000 });
  child.kill("SIGINT");
  expect(await ended).toBe(130);
});

test.concurrent("[C6] no samples at all is no success, and ends no track", async () => {
  const session = newSession();
  const nothing = await roomtone(capture(session, "-"), { input: new Uint8Array(0) });
  expect(nothing).toMatchObject({ code: 3, stdout: "" });
  expect(nothing.stderr).toMatch(/No samples came/);
  const header = join(spool, `${session}.wav`);
  await writeFile(header, (await readFile(sample)).subarray(0, 40), { flag: "w" });
  await writeFile(header, new Uint8Array(4), { flag: "a" });
  expect(await roomtone(capture(session, header))).toMatchObject({ code: 3, stdout: "" });
  const pcm = (await readFile(sample)).subarray(44, 44 + 2 * 32_000);
  expect(await roomtone(capture(session, "-"), { input: pcm })).toMatchObject({ code: 0 });
  const late = await roomtone(capture(session, "-"), { input: pcm });
  expect(late.code, "the track had ended").toBe(3);
  expect(await received(session)).toBe(2);
});

test.concurrent("[C3] another file is not the rest of the one that was begun", async () => {
  const session = newSession();
  const wav = await readFile(sample);
  const other = join(spool, `${session}-other.wav`);
  await writeFile(other, Buffer.concat([wav.subarray(0, 44), wav.subarray(44 + 32_000)]));
  const begun = await roomtone([...capture(session, sample), "--speed", "20"], {
    interrupt: { signal: "SIGINT", when: async () => (await received(session)) > 5 },
  });
  expect(begun.code).toBe(130);
  const refused = await roomtone(capture(session, other));
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(/another source was begun.*--new-source/);
  const elsewhere = await roomtone([...capture(session, sample), "--url", "http://127.0.0.1:1"]);
  expect(elsewhere.stderr).toMatch(/not for http:\/\/127\.0\.0\.1:1\. .*--new-gateway/);
  expect((await roomtone(capture(session, sample))).code).toBe(0);
  expect(await received(session)).toBe(sampleSeconds);
  const afterEnd = await roomtone([...capture(session, other), "--new-source"]);
  expect(afterEnd.code).toBe(1);
  expect(afterEnd.stderr).toMatch(/to its end/);
});

test("[C8] a file on a track that has other audio: killed and run again, no second of the file is left out", async () => {
  const session = newSession();
  const pcm = (await readFile(sample)).subarray(44, 44 + 5 * 32_000);
  await roomtone([...capture(session, "-").slice(0, -1), join(spool, "another")], { input: pcm });
  const refused = await roomtone(capture(session, sample));
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toMatch(
    /already has 5 s that did not come from here: --append adds after them, another --session/,
  );
  expect(await received(session)).toBe(5);
  const killed = await roomtone([...capture(session, sample), "--speed", "50", "--append"], {
    interrupt: { signal: "SIGKILL", when: async () => (await received(session)) > 15 },
  });
  expect(killed.code).toBeNull();
  // It was let in once, and goes on as any other.
  const again = await roomtone(capture(session, sample));
  expect(JSON.parse(again.stdout)).toMatchObject({ complete: true, seconds: sampleSeconds });
  expect(await received(session)).toBe(5 + sampleSeconds);
});

describe.runIf(process.platform === "linux")("--device", () => {
  /** A program that gives 3 s at once, half a second more when it is interrupted, and says how it was called. */
  const wholeSeconds = 3;
  const recording = `#!${process.execPath}
const { writeFileSync } = require("node:fs");
writeFileSync(process.env.RECORDER_LOG, JSON.stringify(process.argv.slice(2)));
process.stdout.write(Buffer.alloc(${wholeSeconds} * 32000, 7));
process.on("SIGINT", () => process.stdout.write(Buffer.alloc(16000, 7), () => process.exit(1)));
setInterval(() => undefined, 1000);`;

  test.each([
    ["SIGINT", []],
    ["SIGTERM", ["plughw:7"]],
  ] as const)("records until %s, then gives the room all of it and ends", async (signal, device) => {
    const session = newSession();
    const env = await pathWith(recording);
    const run = await roomtone(record(session, ...device), {
      env,
      interrupt: { signal, when: async () => (await received(session)) === wholeSeconds },
    });
    expect(run.code, `it said ${run.stderr}`).toBe(0);
    expect(JSON.parse(run.stdout)).toMatchObject({ complete: true, seconds: wholeSeconds + 1 });
    const { audio } = await finalize(gateway, session);
    expect(audio).toMatchObject([{ chunks: wholeSeconds + 1, padding_samples: 8_000 }]);
    const called = JSON.parse(await readFile(env["RECORDER_LOG"] ?? "", "utf8")) as string[];
    expect(called).toEqual(expect.arrayContaining(["-r", "16000", "-f", "S16_LE"]));
    expect(called.slice(-2)).toEqual(device.length > 0 ? ["-D", ...device] : ["-c", "1"]);
  });

  test("says what to install where there is no recorder, and why one failed", async () => {
    const none = await roomtone(record(newSession()), { env: await pathWith() });
    expect(none).toMatchObject({ code: 1 });
    expect(none.stderr).toContain("install one of arecord, ffmpeg, rec");
    const gone = await roomtone(record(newSession()), { env: await pathWith("#!/bin/sh\nprintf '%32000s' ''\n") });
    expect(gone, "unplugged: no end of the track").toMatchObject({ code: 1, stdout: "" });
    expect(gone.stderr).toContain("arecord ended by itself (code 0). If anything was recorded");
    const failing = "#!/bin/sh\necho no such card >&2\nexit 3\n";
    const failed = await roomtone(record(newSession(), "hw:9"), { env: await pathWith(failing) });
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stderr).toContain("arecord failed (code 3): no such card");
  });

  test("devices are listed by the program that records", async () => {
    const run = await roomtone(["devices"], { env: await pathWith('#!/bin/sh\necho "listed by $0 $*"\n') });
    expect(run).toMatchObject({ code: 0 });
    expect(run.stdout).toMatch(/^listed by .*arecord -L$/m);
  });
});
