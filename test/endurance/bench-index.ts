/**
 * `npm run bench:index -- 10000`: the index of meetings in D1 and in an object of the tenant, side by side: meetings of twenty lines each, by ten
 * tenants, and then how long a question takes, a new meeting and a deletion, alone and while another tenant's meetings are taken. Through
 * local workerd: a round trip to D1 is one process away here, and one network away in a deployment.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defineCommand } from "../../scripts/cli/define-command.ts";
import { wholeNumber } from "../../scripts/cli/option-types.ts";
import { percentile } from "../../scripts/cli/percentile.ts";
import { reportRow } from "../../scripts/cli/report-row.ts";
import { readOptions } from "../../scripts/cli/run-command.ts";
import { openMiniflare } from "../../scripts/local/runtime.ts";

const { meetings: all } = readOptions(
  defineCommand({
    name: "npm run bench:index --",
    description: "The index of meetings in D1 and in an object of the tenant, side by side.",
    operands: {
      meetings: wholeNumber(1, 1_000_000).meta({
        value: "[meetings]",
        description: "meetings of twenty lines each",
        default: "10000",
      }),
    },
  }),
);
const tenants = 10;
const [linesOfMeeting, perCall, questions] = [20, 25, 60];
const words = "launch budget press release server outage hiring office contract supplier".split(" ");
const places = ["d1", "object"] as const;
type Place = (typeof places)[number];

const stateDir = mkdtempSync(join(tmpdir(), "roomtone-bench-index-"));
const contents = readFileSync(new URL("index-worker.mjs", import.meta.url), "utf8");
const miniflare = await openMiniflare({
  stateDir,
  workers: [
    {
      name: "index",
      modules: [{ type: "ESModule", path: "/index.mjs", contents }],
      modulesRoot: "/",
      compatibilityDate: "2026-10-01",
      d1Databases: { DB: "bench" },
      durableObjects: { INDEX: { className: "Index", useSQLite: true } },
    },
  ],
});

async function ask<T>(place: Place, what: string, tenant: number, body: unknown): Promise<T> {
  const url = `http://bench/${place}/${what}/tenant-${tenant}`;
  const answer = await miniflare.dispatchFetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${place} ${what}: ${await answer.text()}`);
  return (await answer.json()) as T;
}

let lastId = 0;
function linesOf(meeting: number): object[] {
  return Array.from({ length: linesOfMeeting }, (_, place) => ({
    id: (lastId += 1),
    session: `meeting-${meeting}`,
    place,
    speaker: place % 2 === 0 ? "Ann" : "Bob",
    text: `about the ${words[(meeting + place) % words.length]} of case ${meeting}x${place} we keep to the plan of day ${place}`,
  }));
}

const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const before = performance.now();
  await work();
  return performance.now() - before;
};
const spread = (times: readonly number[]): string[] =>
  [0.5, 0.95].map((share) => percentile([...times], share).toFixed(1));

async function measure(place: Place): Promise<void> {
  const fillMs = await timed(async () => {
    for (let first = 0; first < all; first += perCall) {
      const meetings = Array.from({ length: Math.min(perCall, all - first) }, (_, n) => first + n);
      await ask(place, "take", Math.floor(first / perCall) % tenants, meetings.flatMap(linesOf));
    }
  });
  const question = (n: number): string[] => ["plan", words[n % words.length] ?? "", `${(n * 37) % all}x3`];
  const find = (n: number): Promise<number> => timed(() => ask(place, "find", n % tenants, question(n)));
  const alone: number[] = [];
  for (let n = 0; n < questions; n += 1) alone.push(await find(n));
  const taken: number[] = [];
  for (let n = 0; n < questions; n += 1) taken.push(await timed(() => ask(place, "take", 0, linesOf(all + n))));
  // Another tenant's meetings go on being taken.
  const busy = { isOver: false };
  const others = (async () => {
    for (let n = 0; !busy.isOver; n += 1)
      await ask(place, "take", 1, Array.from({ length: perCall }, (_, i) => linesOf(all * 2 + n * perCall + i)).flat());
  })();
  const beside: number[] = [];
  for (let n = 0; n < questions; n += 1) beside.push(await timed(() => ask(place, "find", 2, question(n))));
  busy.isOver = true;
  await others;
  const dropped: number[] = [];
  for (let n = 0; n < 20; n += 1)
    dropped.push(await timed(() => ask(place, "drop", Math.floor(n / perCall) % tenants, `meeting-${n}`)));
  const bytes = await ask<number>(place, "bytes", 3, null);
  const lines = place === "d1" ? lastId : (all * linesOfMeeting) / tenants;
  console.log(
    reportRow(
      place,
      (fillMs / all).toFixed(2),
      ...spread(alone),
      ...spread(beside),
      ...spread(taken),
      ...spread(dropped),
      (bytes / lines).toFixed(0),
    ),
  );
}

try {
  console.log(`${all} meetings of ${linesOfMeeting} lines, ${tenants} tenants; ms`);
  console.log(
    reportRow(
      "",
      "taken, each",
      "question p50",
      "p95",
      "beside p50",
      "p95",
      "meeting p50",
      "p95",
      "deletion p50",
      "p95",
      "bytes a line",
    ),
  );
  for (const place of places) {
    lastId = 0;
    await ask(place, "open", 0, null);
    await measure(place);
  }
} finally {
  await miniflare.dispose();
  rmSync(stateDir, { recursive: true, force: true, maxRetries: 10 });
}
