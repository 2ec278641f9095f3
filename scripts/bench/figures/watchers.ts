/** How long an utterance takes to all of those who watch a meeting. */
import { setTimeout as sleep } from "node:timers/promises";
import { until } from "../../../client/testkit/until.ts";
import { Failure } from "../../../schemas/lib/failure.ts";
import type { Bench } from "../bench.ts";
import { type CaptionWatch, watchCaptions } from "../captions/watch-captions.ts";
import { contestantNamed } from "../contestants/contestants.ts";
import type { FigureTable } from "../report/figure.ts";
import { short, tail } from "../report/stats.ts";

const [watchers, utterances] = [100, 30] as const;
const everyMs = 250;

export async function watched(bench: Bench): Promise<FigureTable> {
  const roomtone = contestantNamed("roomtone");
  const { url } = await bench.server(roomtone.server);
  const [session = ""] = bench.sessions(1);
  bench.progress(`Watchers: ${watchers} of one meeting`);
  const drive = { kind: "window", window: roomtone.window } as const;
  await bench.load(roomtone, { tracks: [{ session, track: "mic" }], chunks: 60, drive });
  const watches: CaptionWatch[] = [];
  for (let count = 0; count < watchers; count += 1)
    watches.push(await watchCaptions(url.replace(/^http/, "ws"), session));
  const postedAt: number[] = [];
  const answeredMs: number[] = [];
  for (let count = 0; count < utterances; count += 1) {
    postedAt.push(performance.now());
    await post(url, session, count);
    answeredMs.push(performance.now() - (postedAt[count] ?? 0));
    await sleep(everyMs);
  }
  const isToldAll = (): true | undefined =>
    watches.every(({ captions }) => captions.length >= utterances) ? true : undefined;
  await until(isToldAll, { what: "all watchers to be told all utterances" });
  const delays = postedAt.map((posted, count) => watches.map(({ captions }) => (captions[count]?.at ?? 0) - posted));
  for (const { close } of watches) close();
  return {
    title: `One utterance to ${watchers} watchers`,
    rows: [
      row("the request's answer", answeredMs),
      row("any watcher", delays.flat()),
      row(
        "the last watcher",
        delays.map((each) => Math.max(...each)),
      ),
    ],
    notes: [`${utterances} utterances, one every ${everyMs} ms, from the request on. All watchers are in one process.`],
  };
}

function row(what: string, values: readonly number[]): FigureTable["rows"][number] {
  const { p50, p99 } = tail(values);
  return { what, "p50 ms": short(p50), "p99 ms": short(p99) };
}

async function post(url: string, session: string, count: number): Promise<void> {
  const utterance = { utterance_id: `u${count}`, track: "mic", start_ms: count * 1_000, end_ms: count * 1_000 + 900 };
  const answer = await fetch(`${url}/v1/sessions/${session}/utterances`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ utterances: [{ ...utterance, text: "About as long as people speak in a second." }] }),
  });
  if (!answer.ok) throw new Failure(`An utterance was answered ${answer.status}: ${await answer.text()}`);
  await answer.arrayBuffer();
}
