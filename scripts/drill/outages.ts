/**
 * A drill of outages: a bad deploy and the way back, then a meeting that is streamed at its own pace while what it stands on is taken
 * away, one thing after the other, and brought back. Told are the times until each is seen in `/ready`, in `/metrics`, in
 * `/admin/edge-health`, in the log and by whoever is paged, and until it is over there. The
 * meeting's own seconds are acked all the while, and at the end all of them are in its result.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createResultsClient } from "../../client/results/results-client.ts";
import { loadAudio, secondsOf } from "../../client/testkit/sent-audio.ts";
import { TrackStream } from "../../client/testkit/track-stream.ts";
import { traceAnswerSchema } from "../../schemas/http/telemetry.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { benchFolder } from "../bench/bench-gateway.ts";
import type { CommandRun } from "../cli/run-command.ts";
import { startGateway } from "../local/gateway.ts";
import { stopGateway } from "../local/workerd-processes.ts";
import { badDeploy } from "./bad-deploy.ts";
import { Receiver } from "./receiver.ts";
import { ask, drillSample, patiently } from "./patiently.ts";
import { alertThresholds, hookedSession, hookTrace, type Outage, outagesOf, type Site } from "./outage-list.ts";
import { SpeakerService } from "./speaker-service.ts";

const sessionId = "outages";
const lookEveryMs = 250;
const patienceMs = 300_000;
/** Between two outages nothing of the one before is left. */
const pauseMs = 6_000;

export async function runOutages(run: CommandRun): Promise<void> {
  run.print(
    "Takes about five minutes. Lines that begin with a time are what the gateway says on its terminal meanwhile.",
  );
  const stateDir = benchFolder();
  const [pager, hooks, speakers] = [new Receiver(), new Receiver(), new SpeakerService()];
  run.atEnd(() => Promise.all([pager.stop(), hooks.stop(), speakers.stop()]));
  await Promise.all([pager.start(), hooks.start(), speakers.start()]);
  const variables = {
    AUTH_MODE: "off",
    CAPTIONS: "off",
    INFERENCE_BASE_URL: speakers.url,
    ALERT_WEBHOOK_URL: pager.url,
    WEBHOOK_SECRET: `whsec_${randomBytes(32).toString("base64")}`,
    ...alertThresholds(stateDir),
  };
  let gateway = await startGateway({ port: 0, stateDir, variables });
  run.atEnd(() => stopGateway(gateway));
  const { url } = gateway;
  const deploy = async (changed: Record<string, string>): Promise<void> => {
    await stopGateway(gateway);
    gateway = await startGateway({
      port: Number(new URL(url).port),
      stateDir,
      variables: { ...variables, ...changed },
    });
  };
  const client = createResultsClient({ baseUrl: url });
  const site: Site = { url, stateDir, pager, hooks, speakers, client };
  run.print(await drilled(badDeploy(site, deploy)));
  await client.createSession({ session_id: sessionId, title: "Outages" });
  const acks: number[] = [];
  const stream = await openStream(url, acks);
  const streamed = stream.run();
  // Told below; until then nobody may take it for unheard.
  streamed.catch(() => undefined);
  await patiently("the first seconds are acked", async () => acks.length >= 5);
  for (const outage of outagesOf(site)) {
    const before = acks.length;
    run.print(`${await drilled(outage)}\n  acked meanwhile: ${acks.length - before} seconds`);
    await sleep(pauseMs);
  }
  run.print(await followedTrace(site));
  stream.finish();
  const { acked } = await streamed;
  const { coverage } = await client.finalize(sessionId, { expect: { mic: acked } });
  if (coverage !== 1) throw new Failure(`Of ${acked} acked seconds the result has ${coverage * 100} %.`);
  const slowest = Math.round(Math.max(...acks));
  run.print(
    `Through all of it ${acked} seconds were acked, the slowest after ${slowest} ms; all of them are in the result.`,
  );
}

async function openStream(url: string, acks: number[]): Promise<TrackStream> {
  const audio = secondsOf(await loadAudio(drillSample, 60));
  return TrackStream.open({
    baseWs: new URL(`${url.replace(/^http/, "ws")}/`),
    sessionId,
    track: "mic",
    encoding: "msgpack",
    seconds: Number.POSITIVE_INFINITY,
    realtimeFactor: 1,
    answerTimeoutMs: 60_000,
    second: (seq) => audio.second(((seq - 1) % audio.seconds) + 1),
    onAck: ({ ackMs }) => void acks.push(ackMs),
  });
}

/** The trace of who finalized a session while its receiver was dead. @throws Failure where it ends on the way. */
async function followedTrace({ url, hooks }: Site): Promise<string> {
  const answer = await ask(url, `/v1/sessions/${hookedSession}/trace`);
  const { lines } = traceAnswerSchema.parse(await answer.json());
  const events = lines.filter(({ trace_id }) => trace_id === hookTrace).map(({ event }) => event);
  const lacks = ["cf_request", "finalize_step", "webhook"].filter((event) => !events.includes(event));
  if (!hooks.traces.some((trace) => trace.includes(hookTrace))) lacks.push("traceparent at the receiver");
  if (lacks.length > 0) throw new Failure(`Trace ${hookTrace} lacks ${lacks.join(", ")}.`);
  return `One trace, from who finalized a session to the receiver that was dead: ${events.join(", ")}, and its traceparent there.`;
}

async function drilled(outage: Outage): Promise<string> {
  const seen = await timesUntil(outage, "seen", () => outage.breakIt());
  const over = await timesUntil(outage, "over", () => outage.mend());
  return `${outage.what}\n  seen: ${seen}\n  over: ${over}`;
}

/** @returns `ready 1.2 s, metrics 10.4 s, alert 15.0 s`. @throws Failure where a sign is not there in time. */
async function timesUntil(outage: Outage, which: "seen" | "over", begin: () => Promise<void>): Promise<string> {
  const waiting = new Map(Object.entries(outage[which]));
  const times: string[] = [];
  const begunAt = performance.now();
  await begin();
  while (waiting.size > 0) {
    for (const [sign, isSo] of waiting) {
      if (!(await isSo())) continue;
      waiting.delete(sign);
      times.push(`${sign} ${((performance.now() - begunAt) / 1_000).toFixed(1)} s`);
    }
    if (performance.now() - begunAt > patienceMs)
      throw new Failure(`${outage.what}: not ${which} in five minutes: ${[...waiting.keys()].join(", ")}.`);
    await sleep(lookEveryMs);
  }
  return times.join(", ");
}
