/** The tenant that keeps to the rules: four tracks in two sessions, and what their acks take. */
import { Failure } from "../../../schemas/lib/failure.ts";
import { fetchState } from "../../../scripts/smoke/gateway-http.ts";
import { stampedSecond } from "../../../client/testkit/stamped-second.ts";
import { type StreamReport, TrackStream } from "../../../client/testkit/track-stream.ts";
import { signToken } from "./sign-token.ts";

const tracksOfSession = {
  "good-1": ["alice", "bob"],
  "good-2": ["carol", "dave"],
} as const;

export interface GoodTenantOptions {
  /** Without a slash at the end. */
  readonly url: string;
  readonly tenant: string;
  /** That the gateway checks tokens with. */
  readonly secret: string;
  /** Of each track. */
  readonly perSecond: number;
}

interface GoodTrack {
  readonly sessionId: string;
  readonly name: string;
  readonly track: TrackStream;
  /** Settles at the track's end. */
  readonly report: Promise<StreamReport>;
}

const answerTimeoutMs = 60_000;

export class GoodTenant {
  readonly #options: GoodTenantOptions;
  readonly #tracks: GoodTrack[] = [];
  #ackMs: number[] = [];

  constructor(options: GoodTenantOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { url, perSecond } = this.#options;
    for (const [sessionId, names] of Object.entries(tracksOfSession)) {
      const token = await this.#token(sessionId, "capture");
      for (const name of names) {
        const track = await TrackStream.open({
          baseWs: new URL(`${url.replace(/^http/, "ws")}/`),
          sessionId,
          track: name,
          encoding: "msgpack",
          token,
          seconds: Number.POSITIVE_INFINITY,
          second: stampedSecond,
          realtimeFactor: perSecond,
          resends: true,
          answerTimeoutMs,
          // From when a second was due, so that a gateway that stands still is not measured less often.
          onAck: ({ dueMs }) => this.#ackMs.push(dueMs),
        });
        const report = track.run();
        // `finish` tells.
        report.catch(() => undefined);
        this.#tracks.push({ sessionId, name, track, report });
      }
    }
  }

  /** @returns the latencies of all acks since it was last asked. */
  takeAckMs(): readonly number[] {
    const taken = this.#ackMs;
    this.#ackMs = [];
    return taken;
  }

  /** How long the seconds without an ack have been waiting for one. */
  waitingMs(): readonly number[] {
    return this.#tracks.flatMap(({ track }) => track.waitingMs());
  }

  /** How often a second was refused for now, and sent again. */
  get refused(): number {
    return this.#tracks.reduce((sum, { track }) => sum + track.refused, 0);
  }

  /** @returns how many seconds were sent; each has its ack and is in the state. @throws Failure where that is not so. */
  async finish(): Promise<number> {
    for (const { track } of this.#tracks) track.finish();
    await Promise.all(this.#tracks.map(({ report }) => report));
    for (const sessionId of Object.keys(tracksOfSession)) {
      const token = await this.#token(sessionId, "observe");
      const state = await fetchState({ baseHttp: new URL(`${this.#options.url}/`), sessionId, token });
      for (const { name, track } of this.#tracks.filter((one) => one.sessionId === sessionId)) {
        const status = state.ingest_by_track[name];
        const isWhole =
          status?.received_chunks === track.seconds && status.last_seq === track.seconds && status.missing_chunks === 0;
        if (!isWhole)
          throw new Failure(
            `Of ${track.seconds} acked seconds of ${sessionId}/${name} the state has ${status?.received_chunks ?? 0}.`,
          );
      }
    }
    return this.#tracks.reduce((sum, { track }) => sum + track.seconds, 0);
  }

  stop(): void {
    for (const { track } of this.#tracks) track.stop();
  }

  #token(sessionId: string, role: "capture" | "observe"): Promise<string> {
    const { tenant, secret } = this.#options;
    return signToken(secret, { tenant, sessionId, subject: "backend", role });
  }
}
