/** A workerd that dies is started again once all that it left has ended, however long that takes: until then STATE_DIR is taken. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test, vi } from "vitest";
import { keepRunning } from "../../scripts/local/keep-running.ts";
import { noteWorkerd } from "../../scripts/local/workerd-processes.ts";
import { deferred } from "../../client/capture/deferred.ts";
import { until } from "../../client/testkit/until.ts";

/** A process that goes by the name of workerd. */
async function workerd(): Promise<ChildProcess> {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-keep-running-"));
  symlinkSync("/bin/sleep", join(folder, "workerd"));
  const child = spawn(join(folder, "workerd"), ["600"], { stdio: "ignore" });
  await once(child, "spawn");
  onTestFinished(() => {
    child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  });
  return child;
}

test("nothing is started before what a dead workerd left has ended, though that takes longer than a stop is waited for", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  onTestFinished(() => void vi.useRealTimers());
  noteWorkerd();
  const signal = new AbortController();
  const ended = deferred<void>();
  const children: ChildProcess[] = [];
  const said: string[] = [];
  const running = keepRunning({
    port: 4_711,
    signal: signal.signal,
    start: async () => {
      children.push(await workerd());
      return { url: "http://127.0.0.1:4711", stop: () => (children.length === 1 ? ended.promise : Promise.resolve()) };
    },
    onStart: () => undefined,
    report: (line) => said.push(line),
  });
  await vi.waitFor(() => expect(children).toHaveLength(1));
  children[0]?.kill("SIGKILL");
  await vi.waitFor(() => expect(children[0]?.signalCode).toBe("SIGKILL"));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(children).toHaveLength(1);
  expect(said).toEqual([]);
  ended.resolve();
  vi.useRealTimers();
  await until(() => children[1], { what: () => "a second workerd", timeoutMs: 20_000 });
  expect(said).toEqual(["workerd was killed by SIGKILL: it is started again. What was acked is kept."]);
  signal.abort();
  await running;
});
