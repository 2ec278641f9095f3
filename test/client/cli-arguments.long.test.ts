/** What `roomtone` says to arguments that it does not take: a process for each. */
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { bin, roomtone, sample } from "./support/roomtone.ts";

test.concurrent.each([
  [["capture", "--session", "ab"], "Give one source"],
  [["capture", "x.wav", "--device", "--session", "ab"], "Give one source"],
  [["capture", "x.wav", "--session", "ab", "--speed", "0"], "--speed is"],
  [["capture", "x.wav", "--session", "a/b"], "--session is"],
  [["capture", "x.wav", "--session", "ab", "--url", "ftp://x"], "--url is"],
  [["capture", "x.wav", "--session", "ab", "--url", "localhost:8787"], "--url is"],
  [["capture", "x.wav", "--session", "ab", "--url", "http://127.0.0.1:8787/v1"], "--url ends before /v1"],
  [["capture", "x.wav", "--session", "ab", "--url", "https://me:secret@example.com"], "--url has a user name"],
  [["capture", "x.wav", "--session", "ab", "--url", "http://127.0.0.1:99999"], "--url is"],
  [["capture", "x.wav", "--session", "ab", "--url", "http://[::1"], "--url is"],
  [["result", "ab", "--url", "http://127.0.0.1:99999"], "baseUrl is no address"],
  [["result", "ab", "--url", "http://127.0.0.1:8787/v1"], "baseUrl ends before /v1"],
  [["capture", "no-such.wav", "--session", "ab"], "no-such.wav can't be read: there is no such file."],
  [["capture", `${sample}/x.wav`, "--session", "ab"], "there is no such file."],
  [["capture", dirname(sample), "--session", "ab"], "is a folder. Give one WAV file of it."],
  [["capture", "/dev/null", "--session", "ab"], "is a pipe or a device, no file."],
  [["capture", sample, "--session", "ab", "--spool", sample], "can't be used: a part of its path is a file (ENOTDIR)"],
  [["capture", sample, "--session", "ab", "--spool", "/proc/nope"], "can't be used: its path can't be made (ENOENT)"],
  [["capture", sample, "--session", "ab", "--spool", "x".repeat(300)], "can't be used: its path is too long"],
  [["capture", sample, "--session", "ab", "--rate", "5"], "--rate is whole Hz"],
  [["capture", sample, "--session", "ab", "--channels", "1.5"], "--channels is a whole number"],
  [["capture", "-", "--session", "ab", "--rate", "0"], "--rate is whole Hz"],
  [["capture", "-", "--session", "ab", "--rate", "0x3e80"], "--rate is whole Hz"],
  [["capture", "-", "--session", "ab", "--channels", "-1"], "--channels is a whole number"],
  [["capture", "x.wav", "--session", "ab", "--speed", "-3"], "--speed is a number above 0"],
  [["capture", "x.wav", "--session", "ab", "--speed", "NaN"], "--speed is a number above 0"],
  [["capture", "x.wav", "--session", "ab", "--speed", "1e-9"], "--speed is a number above 0"],
  [["capture", "x.wav", "--session", " monday "], "--session is"],
  [["capture", "x.wav", "--session", ".."], "--session is"],
  [["capture", "x.wav", "--session", "ab", "--token-command", "  "], "--token-command is a command"],
  [["capture", "x.wav", "--session", "ab", "--live"], "--live is for stdin"],
  [["capture", "-", "--session", "ab", "--speed", "2"], "--speed is for files"],
  [["capture", "--device", "--session", "ab", "--rate", "48000"], "--rate and --channels are for raw PCM"],
  [["capture", sample, "--session", "ab", "--channels", "2"], "--rate and --channels are for raw PCM"],
  [["capture", "x.wav", "y.wav", "--session", "ab"], "too many arguments"],
  [["capture", sample, "--session", "ab", "--channel", "both"], "--channel is mix, left"],
  [["capture", sample, "--session", "ab", "--channel", "right"], "The source has 1 channel: there is no channel 2"],
  [["capture", sample], "required option '--session <id>'"],
  [["capture", bin, "--session", "ab"], "not a WAV file"],
])("[V4] wrong arguments %j: a sentence, and exit code 1", async (args, sentence) => {
  const run = await roomtone(args);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(sentence);
  expect(run.stderr).not.toMatch(/^\s+at |Unexpected|bug/m);
  expect(run.stderr.split("\n").length, `it said ${run.stderr}`).toBeLessThan(5);
});
