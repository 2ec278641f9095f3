/** The demo, as the README has it: what is said is heard by the models that come with the gateway, and who says it gets their name by it. */
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import truth from "../../scripts/demo/sample/interview.json" with { type: "json" };
import { alignWords, countErrors, wordErrorRate } from "../../scripts/speech/word-errors.ts";
import { wordsOf } from "../../scripts/speech/words.ts";

const run = promisify(execFile);
const timeoutMs = 240_000;
/** Of the words of the sample, through the whole gateway. */
const maxErrorRate = 0.08;

test(
  "[Q2] [R1] each speaker of the sample is named by what they say of themselves, at their own words",
  async () => {
    const stateDir = await mkdtemp(join(tmpdir(), "roomtone-demo-"));
    onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
    const env = { ...process.env, PORT: "0", STATE_DIR: stateDir };
    const { stdout } = await run(process.execPath, ["scripts/demo.ts", "--exit"], { env, timeout: timeoutMs });
    const lines = stdout.split("\n").flatMap((line) => /^ +\d+:\d\d\.\d +(\w+): +(.+)$/.exec(line)?.slice(1, 3) ?? []);
    const said = lines.join("\n");
    expect(said).toMatch(/^Alice\n.*My name is Alice/m);
    expect(said).toMatch(/^Bob\n.*I am Bob/m);
    expect(said).toMatch(/^Callum\n.*this is Callum/im);
    expect(said, "everybody has a name").not.toMatch(/^speaker_/m);
    expect(stdout).toContain("byte for byte");
    const spoken = wordsOf(truth.turns.map(({ text }) => text).join(" "));
    const heard = wordsOf(lines.filter((_, n) => n % 2 === 1).join(" "));
    expect(wordErrorRate(countErrors(alignWords(spoken, heard)))).toBeLessThan(maxErrorRate);
  },
  timeoutMs,
);
