/** Mutated requests against a gateway over real sockets. */
import type { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { RoomSocket } from "../../client/testkit/room-socket.ts";
import { until } from "../../client/testkit/until.ts";
import type { BuiltRequest } from "./build-request.ts";
import { internals } from "./check-answer.ts";
import type { Dump } from "./check-tables.ts";
import { hold } from "./finding.ts";
import { sendRaw } from "./raw-http.ts";
import { RequestPlayer } from "./request-player.ts";
import { credentialsOf, type Keys, type RequestWorld } from "./request-world.ts";
import { dumpRoom } from "./room-file.ts";

export interface RequestFuzz {
  readonly gateway: GatewayProcess;
  readonly keys: Keys;
  readonly secret: string;
  readonly seed: number;
  readonly requests: number;
  readonly onRequest: (done: number) => void;
}

/** @returns how many answers had which status. @throws Finding */
export async function fuzzRequests(fuzz: RequestFuzz): Promise<ReadonlyMap<number, number>> {
  const { gateway, seed, requests, onRequest } = fuzz;
  const world = await newWorld(fuzz);
  await fill(gateway, world);
  const player = new RequestPlayer(world, (request) => send(gateway.url, request));
  let done = 0;
  await player.play(seed, requests, () => {
    done += 1;
    onRequest(done);
  });
  await checkGoodFlow(gateway, world);
  return player.answers;
}

async function newWorld({ gateway, keys, secret, seed }: RequestFuzz): Promise<RequestWorld> {
  // No session of the frames that came before has it in its name.
  const tag = `requests-${seed}`;
  const reference = tag;
  return {
    tag,
    reference,
    scratch: [0, 1, 2, 3, 4].map((nth) => `${tag}-${nth}`),
    unknown: `unknown-${tag}`,
    credentials: await credentialsOf(keys, secret, reference, Date.now()),
    secrets: [secret],
    dump: () => Promise.resolve(dumpRoom(gateway.stateDir, "default", reference) ?? {}).then(withoutBackground),
  };
}

/** Of the room's own: how often it updated the list of sessions, and what it told of how it runs. */
const ofRoom = ['"index_revision"', '"telemetry_told"'];

/** Tables without what a room writes by itself: its alarms, and what it tells the app. */
function withoutBackground({ jobs: _jobs, app_outbox: _outbox, app_told: _told, meta = [], ...rest }: Dump): Dump {
  return { ...rest, meta: meta.filter((row) => !ofRoom.some((key) => row.includes(key))) };
}

/** @returns undefined where the server before the gateway takes no such request. */
async function send(url: string, request: BuiltRequest): ReturnType<ConstructorParameters<typeof RequestPlayer>[1]> {
  const answer = await sendRaw(url, request);
  if (answer?.isGateways) return answer;
  // Before the local gateway stands miniflare, which has words of its own for a client that hangs up.
  if (request.plan.body.lie !== undefined) return undefined;
  // workerd refuses what is no HTTP by itself; it must say so, or hang up, and tell nothing.
  hold(
    !answer || (answer.status >= 400 && answer.status < 500) || answer.status === 501,
    `answered ${answer?.status} without a trace id: ${answer?.text.slice(0, 500)}`,
  );
  hold(!answer || !internals.test(answer.text), `tells of its inside: ${answer?.text.slice(0, 1_000)}`);
  return undefined;
}

/** A session with some of everything, so that there is something to change. */
async function fill(gateway: GatewayProcess, { reference, scratch, credentials }: RequestWorld): Promise<void> {
  for (const session_id of [reference, ...scratch]) {
    await post(gateway, credentials.admin, "/v1/sessions", { session_id, metadata: { title: "fuzz" } });
  }
  await stream(gateway, credentials.admin, reference);
  const utterances = [{ utterance_id: "u0", track: "mic", start_ms: 0, end_ms: 500, text: "Hello." }];
  await post(gateway, credentials.admin, `/v1/sessions/${reference}/utterances`, { utterances });
  await until(() => (dumpRoom(gateway.stateDir, "default", reference)?.["journal"]?.length === 0 ? true : undefined), {
    what: "the reference session to be archived",
    timeoutMs: 30_000,
  });
}

async function stream(gateway: GatewayProcess, token: string, sessionId: string): Promise<void> {
  const baseWs = new URL(`${gateway.wsUrl}/`);
  const socket = await RoomSocket.open({ baseWs, sessionId, track: "mic", encoding: "msgpack", token });
  socket.sendChunk(2);
  const answer = await socket.receive(10_000);
  hold(answer?.message.type === "ack", `a good chunk was answered ${JSON.stringify(answer?.message)}`);
  await socket.sayGoodbye("done");
}

/** After all of it, a meeting still goes from its first second to its result. */
async function checkGoodFlow(gateway: GatewayProcess, { reference, credentials }: RequestWorld): Promise<void> {
  const health = await fetch(`${gateway.url}/health`);
  hold(health.status === 200, `health answers ${health.status}`);
  const session = `${reference}-after`;
  await stream(gateway, credentials.admin, session);
  for (const id of [session, reference]) {
    await post(gateway, credentials.admin, `/v1/sessions/${id}/finalize`, {});
    const result = await fetch(`${gateway.url}/v1/sessions/${id}/result`, {
      headers: { authorization: `Bearer ${credentials.admin}` },
    });
    hold(result.status === 200, `the result of ${id} is answered ${result.status}: ${await result.text()}`);
  }
}

async function post(gateway: GatewayProcess, key: string, path: string, body: unknown): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const answer = await fetch(gateway.url + path, { method: "POST", headers, body: JSON.stringify(body) });
  hold(answer.ok, `a good POST ${path} is answered ${answer.status}: ${await answer.text()}`);
}
