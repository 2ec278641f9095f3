/**
 * A drill of recovery: a meeting is kept, then what holds it is broken by hand, as a disk breaks it, and brought back with the command
 * of the runbook. Each time all that can be read of the meeting is compared with what could be read before. The account's own recovery
 * (D1 Time Travel, point-in-time recovery of objects) can't be drilled here: the local runtime has none.
 */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createResultsClient } from "../../client/results/results-client.ts";
import { loadAudio, secondsOf } from "../../client/testkit/sent-audio.ts";
import { streamTrack } from "../../client/testkit/track-stream.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { defaultTenant, defaultTrack, roomName } from "../../schemas/names.ts";
import { benchFolder } from "../bench/bench-gateway.ts";
import type { CommandRun } from "../cli/run-command.ts";
import { openLocalKeys } from "../keys/keys-local.ts";
import { type Gateway, startGateway } from "../local/gateway.ts";
import { objectIdOf } from "../local/object-id.ts";
import { storageFolder } from "../local/runtime.ts";
import { stopGateway } from "../local/workerd-processes.ts";
import { runRebuild } from "../rebuild/rebuild-command.ts";
import type { DrillOptions } from "./drill-command.ts";
import { runOutages } from "./outages.ts";
import { drillSample, patiently } from "./patiently.ts";

const sessionId = "drill";
const words = "The budget of the harbour is forty thousand.";
const views = ["result", "results", "transcript.txt", "speakers.rttm", `audio.wav?track=${defaultTrack}`];

interface Drill {
  readonly what: string;
  /** Broken under a gateway that runs: a room that wakes writes its row by itself. Else with the gateway stopped. */
  readonly isLive?: true;
  readonly breakIt: (stateDir: string) => Promise<void>;
  /** Whether it is seen to be broken, once the gateway runs. */
  readonly isBroken: (gateway: Gateway) => Promise<boolean>;
}

const drills: readonly Drill[] = [
  {
    what: "the list of sessions (D1)",
    isLive: true,
    breakIt: async (stateDir) => {
      const database = await openLocalKeys(stateDir);
      await database.run([{ sql: "DELETE FROM sessions", values: [] }]);
      await database.close();
    },
    isBroken: async (gateway) => !(await isListed(gateway)),
  },
  {
    what: "a room (its Durable Object's storage)",
    breakIt: async (stateDir) => removeObject(stateDir, "MeetingSessionDO", roomName(defaultTenant, sessionId)),
    isBroken: async ({ url }) => (await fetch(`${url}/v1/sessions/${sessionId}/state`)).status === 404,
  },
  {
    what: "the index of what was said",
    breakIt: async (stateDir) => removeObject(stateDir, "MeetingIndex", defaultTenant),
    isBroken: () => Promise.resolve(true),
  },
];

export async function runDrill({ seconds, outages }: DrillOptions, run: CommandRun): Promise<void> {
  if (outages) return runOutages(run);
  run.print("Takes about a minute. Lines that begin with a time are what the gateway says on its terminal meanwhile.");
  const stateDir = benchFolder();
  const gateway = await start(stateDir, run);
  await keepMeeting(gateway, seconds);
  const before = await readAll(gateway);
  let running = gateway;
  for (const drill of drills) {
    if (!drill.isLive) await stopGateway(running);
    await drill.breakIt(stateDir);
    if (!drill.isLive) running = await start(stateDir, run);
    if (!(await drill.isBroken(running))) throw new Failure(`${drill.what}: it was broken, and nobody sees it.`);
    const begunAt = performance.now();
    await rebuild(running, run);
    const tookMs = Math.round(performance.now() - begunAt);
    expectSame(drill.what, before, await readAll(running));
    if (!(await isListed(running))) throw new Failure(`${drill.what}: the session is not in the list.`);
    await patiently(`${drill.what}: what was said is found`, () => isFound(running));
    run.print(`${drill.what}: broken, and back in ${tookMs} ms`);
  }
  run.print("Not drilled: D1 Time Travel and point-in-time recovery of objects; the local runtime has neither.");
}

async function start(stateDir: string, { atEnd }: CommandRun): Promise<Gateway> {
  const gateway = await startGateway({ port: 0, stateDir, variables: { AUTH_MODE: "off", RESOLVE_AUTO: "off" } });
  atEnd(() => stopGateway(gateway));
  return gateway;
}

async function keepMeeting(gateway: Gateway, seconds: number): Promise<void> {
  const { url } = gateway;
  const client = createResultsClient({ baseUrl: url });
  const audio = await loadAudio(drillSample, seconds);
  await client.createSession({ session_id: sessionId, title: "Drill" });
  await streamTrack({
    ...secondsOf(audio),
    baseWs: new URL(`${url.replace(/^http/, "ws")}/`),
    sessionId,
    track: defaultTrack,
    encoding: "msgpack",
  });
  await client.addUtterances(sessionId, [{ utterance_id: "u1", start_ms: 100, end_ms: 1_900, text: words }]);
  await client.finalize(sessionId, { expect: { [defaultTrack]: seconds } });
  await patiently("the session is listed", () => isListed(gateway));
}

async function rebuild({ url }: Gateway, run: CommandRun): Promise<void> {
  const asked = { baseHttp: new URL(`${url}/`), token: undefined, session: undefined, tenant: defaultTenant };
  if ((await runRebuild(asked, run)) !== 0) throw new Failure("The rebuild failed.");
}

async function readAll({ url }: Gateway): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (const view of views) {
    const answer = await fetch(`${url}/v1/sessions/${sessionId}/${view}`);
    texts.set(view, `${answer.status} ${Buffer.from(await answer.arrayBuffer()).toString("latin1")}`);
  }
  return texts;
}

function expectSame(what: string, before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): void {
  const others = [...before].filter(([view, text]) => after.get(view) !== text || !text.startsWith("200 "));
  if (others.length > 0) throw new Failure(`${what}: not as before: ${others.map(([view]) => view).join(", ")}.`);
}

async function isListed({ url }: Gateway): Promise<boolean> {
  const { sessions } = await createResultsClient({ baseUrl: url }).listSessions();
  return sessions.some((session) => session.session_id === sessionId && session.status === "finalized");
}

async function isFound({ url }: Gateway): Promise<boolean> {
  const answer = await fetch(`${url}/api/chat`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ message: "What is the budget of the harbour?", meetings: [sessionId] }),
  });
  return answer.ok && (await answer.text()).includes("forty thousand");
}

/** Nobody has the state open. */
function removeObject(stateDir: string, className: string, name: string): Promise<void> {
  const folder = join(storageFolder(stateDir), "do");
  const uniqueKey = readdirSync(folder).find((one) => one.endsWith(`-${className}`));
  if (uniqueKey === undefined) throw new Failure(`${folder} has no objects of ${className}.`);
  const file = join(folder, uniqueKey, `${objectIdOf(uniqueKey, name)}.sqlite`);
  for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: end !== "" });
  return Promise.resolve();
}
