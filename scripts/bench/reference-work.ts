/** A fixed piece of work on one core, in a thread: what it took by the clock, and on the processor. */
import { createHash } from "node:crypto";
import { parentPort } from "node:worker_threads";

const rounds = 12_000;
const second = new Uint8Array(32_000);

const work = (): void => {
  for (let round = 0; round < rounds; round += 1) createHash("sha256").update(second).digest();
};

// What is compiled is compiled before.
for (let round = 0; round < 200; round += 1) createHash("sha256").update(second).digest();
const cpuBefore = process.threadCpuUsage();
const startedAt = performance.now();
work();
const wallMs = performance.now() - startedAt;
const cpu = process.threadCpuUsage(cpuBefore);
parentPort?.postMessage({ wallMs, cpuMs: (cpu.user + cpu.system) / 1_000 }, []);
