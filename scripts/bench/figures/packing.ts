/** What several chunks an R2 object would save: puts, their price, and what they take of this machine. Nothing of it is built. */
import { Failure } from "../../../schemas/lib/failure.ts";
import { atRest, type Bench } from "../bench.ts";
import { prices } from "../prices.ts";
import type { FigureTable } from "../report/figure.ts";
import { median, short } from "../report/stats.ts";

const eachOf = [1, 10, 60, 300] as const;
const chunks = 600;
const minute = 60;
const hour = 3_600;

export async function packing(bench: Bench): Promise<FigureTable> {
  const server = await bench.server("packer");
  const put = async (each: number, count: number): Promise<number> => {
    const startedAt = performance.now();
    const answer = await fetch(`${server.url}/?chunks=${count}&each=${each}`);
    if (!answer.ok) throw new Failure(`The packer answered ${answer.status}.`);
    await answer.arrayBuffer();
    return performance.now() - startedAt;
  };
  await put(1, minute);
  const runs = new Map<number, { tookMs: number; cpuMs: number }[]>(eachOf.map((each) => [each, []]));
  for (let round = 1; round <= bench.options.rounds; round += 1)
    for (const each of eachOf) {
      bench.progress(`Packing: ${each} chunks an object, round ${round} of ${bench.options.rounds}`);
      await atRest(server);
      const before = server.usage().cpuMs;
      const tookMs = await put(each, chunks);
      await atRest(server);
      runs.get(each)?.push({ tookMs, cpuMs: server.usage().cpuMs - before });
    }
  const rows = eachOf.map((each) => {
    const of = runs.get(each) ?? [];
    return {
      "chunks an object": each,
      "puts an hour": hour / each,
      "USD of puts an hour": ((hour / each) * prices.r2ClassA).toFixed(5),
      "put ms a chunk": short(median(of.map(({ tookMs }) => tookMs)) / chunks),
      "CPU ms/audio min": short((median(of.map(({ cpuMs }) => cpuMs)) / chunks) * minute),
    };
  });
  return {
    title: "Several chunks in one R2 object",
    rows,
    notes: [`${chunks} chunks in four lanes with their SHA-256, against the local R2, ${bench.options.rounds} rounds.`],
  };
}
