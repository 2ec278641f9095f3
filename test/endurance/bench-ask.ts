/**
 * `npm run bench:ask -- 10000`: what asking meetings costs. The overhead over a direct call of a provider, a hundred answers at once, and then
 * meetings of twenty lines each, in one tenant's index: how long a question takes at a tenth of them and at all, how long one that is new
 * takes to be found, and how much of the disk the index has. Through a gateway of its own, on this machine; figures are for comparing.
 */
import { once } from "node:events";
import { globSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { until } from "../../client/testkit/until.ts";
import { defineCommand } from "../../scripts/cli/define-command.ts";
import { wholeNumber } from "../../scripts/cli/option-types.ts";
import { percentile } from "../../scripts/cli/percentile.ts";
import { reportRow } from "../../scripts/cli/report-row.ts";
import { readOptions } from "../../scripts/cli/run-command.ts";
import { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { unlimited } from "../../scripts/local/unlimited.ts";

const { meetings: all } = readOptions(
  defineCommand({
    name: "npm run bench:ask --",
    description: "What asking meetings costs: over a direct call of a provider, and as the index of meetings grows.",
    operands: {
      meetings: wholeNumber(1, 1_000_000).meta({
        value: "[meetings]",
        description: "meetings of twenty lines each, in one tenant's index",
        default: "10000",
      }),
    },
  }),
);
const linesOfMeeting = 20;
const calls = 200;
const atOnce = 100;
const words = "launch budget press release server outage hiring office contract supplier".split(" ");

const parts = Array.from({ length: 20 }, (_, i) => JSON.stringify({ choices: [{ delta: { content: `part ${i} ` } }] }));
const end = JSON.stringify({ choices: [{ delta: {}, finish_reason: "stop" }] });
const provider = createServer((request, response) => {
  request.resume();
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end([...parts, end, "[DONE]"].map((data) => `data: ${data}\n\n`).join(""));
});
provider.listen(0, "127.0.0.1");
await once(provider, "listening");
const direct = `http://127.0.0.1:${(provider.address() as AddressInfo).port}/v1`;
const gateway = new GatewayProcess({
  env: {
    ...unlimited,
    CHAT_PER_MINUTE: "off",
    CAPTIONS: "off",
    OPENAI_BASE_URL: direct,
    CHAT_MODELS_ALLOWED: "openai/writes",
  },
});

/** Until the first byte of the answer, and whether all of it came. */
async function stream(base: string, body: object): Promise<{ readonly ms: number; readonly isWhole: boolean }> {
  const before = performance.now();
  const answer = await fetch(base, {
    method: "POST",
    headers: { accept: "text/event-stream", "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  let ms = 0;
  let text = "";
  for await (const part of answer.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += part;
    if (ms === 0 && /part 0|event: delta/.test(text)) ms = performance.now() - before;
  }
  return { ms, isWhole: answer.status === 200 && /part 19|event: done/.test(text) };
}

const completion = {
  model: "openai/writes",
  messages: [{ role: "user", content: "Hi" }],
  meetings: [],
  stream: true,
};

async function benchProvider(): Promise<void> {
  const times: Record<"direct" | "gateway", number[]> = { direct: [], gateway: [] };
  const through = `${gateway.url}/v1/chat/completions`;
  for (let n = 0; n < calls + 20; n += 1) {
    const [own, ours] = [await stream(`${direct}/chat/completions`, {}), await stream(through, completion)];
    // The first ones warm up.
    if (n < 20) continue;
    times.direct.push(own.ms);
    times.gateway.push(ours.ms);
  }
  const [own, ours] = [percentile(times.direct, 0.5), percentile(times.gateway, 0.5)];
  console.log(reportRow("", "direct, ms", "gateway, ms", "overhead, ms", "ratio"));
  console.log(reportRow("first token, p50", ...[own, ours, ours - own, ours / own].map((ms) => ms.toFixed(2))));
  const together = async (base: string, body: object): Promise<readonly [number, number]> => {
    const before = performance.now();
    const answers = await Promise.all(Array.from({ length: atOnce }, () => stream(base, body)));
    return [answers.filter(({ isWhole }) => isWhole).length, performance.now() - before];
  };
  const [ownWhole, ownMs] = await together(`${direct}/chat/completions`, {});
  const [whole, ms] = await together(through, completion);
  console.log(reportRow(`${atOnce} at once, whole`, `${ownWhole}`, `${whole}`));
  console.log(reportRow("all of them, ms", ownMs.toFixed(0), ms.toFixed(0), "", (ms / ownMs).toFixed(2)));
  if (whole < atOnce) process.exitCode = 1;
}

async function post(path: string, body: object): Promise<Response> {
  const answer = await fetch(`${gateway.url}${path}`, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`);
  return answer;
}

async function addMeeting(n: number): Promise<void> {
  const session_id = `meeting-${n}`;
  await (await post("/v1/sessions", { session_id })).arrayBuffer();
  const utterances = Array.from({ length: linesOfMeeting }, (_, i) => ({
    utterance_id: `u${i}`,
    start_ms: i * 4_000,
    end_ms: i * 4_000 + 3_500,
    speaker: i % 2 === 0 ? "Ann" : "Bob",
    text: `About the ${words[(n + i) % words.length]} of case ${n}x${i}: we keep to the plan of day ${i}.`,
  }));
  await (await post(`/v1/sessions/${session_id}/utterances`, { utterances })).arrayBuffer();
}

async function isFound(n: number): Promise<true | undefined> {
  const answer = await post("/v1/chat", { message: `What is the plan of case ${n}x7?` });
  const { citations } = (await answer.json()) as { citations: readonly { session_id: string }[] };
  return citations[0]?.session_id === `meeting-${n}` || undefined;
}

const indexBytes = (): number =>
  Math.max(
    0,
    ...globSync("**/*MeetingIndex/*.sqlite*", { cwd: gateway.stateDir }).map(
      (file) => statSync(`${gateway.stateDir}/${file}`).size,
    ),
  );

async function benchIndex(): Promise<void> {
  console.log(reportRow("", "question, p50, ms", "p95, ms", "written, ms each", "found after, ms", "bytes a line"));
  let written = 0;
  for (const goal of [Math.ceil(all / 10), all]) {
    const before = performance.now();
    const first = written;
    const next = async (): Promise<void> => {
      while (written < goal) await addMeeting((written += 1));
    };
    await Promise.all(Array.from({ length: 8 }, next));
    const writtenAt = performance.now();
    await until(() => isFound(goal), { what: "the last meeting to be found", timeoutMs: 3_600_000 });
    const foundMs = performance.now() - writtenAt;
    const times: number[] = [];
    for (let n = 0; n < 40; n += 1) {
      const { ms } = await stream(`${gateway.url}/v1/chat`, {
        message: `What is the plan of the ${words[n % words.length]}, case ${1 + ((n * 37) % goal)}x3?`,
      });
      times.push(ms);
    }
    const each = (writtenAt - before) / (goal - first);
    const figures = [
      percentile(times, 0.5),
      percentile(times, 0.95),
      each,
      foundMs,
      indexBytes() / goal / linesOfMeeting,
    ];
    console.log(reportRow(`${goal} meetings`, ...figures.map((figure) => figure.toFixed(1))));
  }
}

try {
  await gateway.start();
  await benchProvider();
  await benchIndex();
} finally {
  await gateway.dispose();
  provider.close();
  provider.closeAllConnections();
}
