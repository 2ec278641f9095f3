/** Mutated frames against a gateway over real sockets, some sessions side by side. */
import { WebSocket } from "ws";
import { ProtocolSocket } from "../../client/testkit/protocol-socket.ts";
import { overWs, socketOptions, subprotocolOf } from "../../client/testkit/room-socket.ts";
import type { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { checkTables } from "./check-tables.ts";
import { Finding, hold } from "./finding.ts";
import type { ConnectionPlan } from "./frame-plan.ts";
import { playSession } from "./frame-session.ts";
import { FrameWire, fuzzedSocket } from "./frame-wire.ts";
import { tokenOf } from "./request-world.ts";
import { dumpRoom } from "./room-file.ts";
import type { RoomModel } from "./room-model.ts";

/** Small enough that all of a room is compared in no time. */
const framesOfSession = 250;
const sessionsAtOnce = 4;
/** Of each session, so many kept seconds are read back, byte by byte; of all, the hash is compared. */
const secondsReadBack = 4;

export interface FrameFuzz {
  readonly gateway: GatewayProcess;
  /** An API key that may do everything. */
  readonly key: string;
  /** Signs tokens. */
  readonly secret: string;
  readonly seed: number;
  readonly frames: number;
  readonly onFrame: (done: number) => void;
}

/** @returns how many seconds were kept. @throws Finding */
export async function fuzzFrames({
  gateway,
  key,
  secret,
  seed,
  frames,
  onFrame,
}: FrameFuzz): Promise<{ kept: number }> {
  const models = new Map<string, RoomModel>();
  const sessions = Math.ceil(frames / framesOfSession);
  let next = 0;
  let done = 0;
  let kept = 0;
  const work = async (): Promise<void> => {
    while (next < sessions) {
      const nth = next;
      next += 1;
      const sessionId = `fuzz-${seed}-${nth}`;
      const many = Math.min(framesOfSession, frames - nth * framesOfSession);
      const session = { sessionId, seed: seed + nth, frames: many };
      const model = await playSession(
        session,
        async (connection, sub) => {
          const token = await tokenOf({ sub, session_id: sessionId, role: "capture" }, secret, Date.now());
          return dial(gateway, token, sessionId, connection);
        },
        () => {
          done += 1;
          onFrame(done);
        },
      );
      await checkAudio(gateway, key, model);
      // The bytes would fill the memory; their hashes are enough for the tables.
      for (const track of model.tracks.values()) {
        kept += track.seconds.size;
        for (const [seq, second] of track.seconds)
          track.seconds.set(seq, { ...second, content: second.content.slice(0, 64) });
      }
      models.set(sessionId, model);
    }
  };
  await Promise.all(Array.from({ length: sessionsAtOnce }, work));
  checkAllTables(gateway.stateDir, models);
  return { kept };
}

async function dial(
  gateway: GatewayProcess,
  token: string,
  sessionId: string,
  { encoding, track }: ConnectionPlan,
): Promise<FrameWire> {
  const path = track === undefined ? sessionId : `${sessionId}/${track}`;
  const headers = { authorization: `Bearer ${token}` };
  const url = `${gateway.wsUrl}/v1/audio/ws/${path}`;
  const socket = new WebSocket(url, [subprotocolOf(encoding)], { ...socketOptions, headers });
  const wire = new FrameWire(new ProtocolSocket(overWs(socket), { sessionId, encoding, ...fuzzedSocket }));
  await new Promise<void>((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", (cause) => reject(new Finding(`${url} was not opened: ${cause.message}`)));
  });
  return wire;
}

/** A few kept seconds of each track, as the gateway gives them out. */
async function checkAudio(gateway: GatewayProcess, key: string, { sessionId, tracks }: RoomModel): Promise<void> {
  for (const [track, { seconds }] of tracks) {
    for (const [seq, { content }] of [...seconds].slice(-secondsReadBack)) {
      const url = `${gateway.url}/v1/sessions/${sessionId}/audio.wav?track=${track}&from_ms=${(seq - 1) * 1_000}&to_ms=${seq * 1_000}`;
      const answer = await fetch(url, { headers: { authorization: `Bearer ${key}` } });
      const bytes = new Uint8Array(await answer.arrayBuffer()).subarray(44);
      // What only fills up the last second is not given out.
      const isSame = bytes.length > 0 && bytes.every((byte, at) => byte === content[at]);
      const isEmpty = bytes.length === 0 && answer.status === 200;
      hold(
        isSame || isEmpty,
        `audio.wav of ${sessionId} has other bytes of ${track}/${seq} than were acked (${answer.status})`,
      );
    }
  }
}

/** The rooms' own files, past the gateway. @throws Finding */
function checkAllTables(stateDir: string, models: ReadonlyMap<string, RoomModel>): void {
  for (const [sessionId, model] of models) {
    const dump = dumpRoom(stateDir, "default", sessionId);
    hold(dump !== undefined, `the room of ${sessionId} has no file`);
    try {
      checkTables(model, dump);
    } catch (cause) {
      if (!(cause instanceof Finding)) throw cause;
      throw new Finding(`session ${sessionId}: ${cause.message}`, { cause });
    }
  }
}
