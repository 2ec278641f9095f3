/** The tenant that keeps to the rules: four tracks in two sessions, and what their acks take. */
import { Failure } from "../../../schemas/lib/failure.ts";
import { fetchState } from "../../smoke/gateway-http.ts";
import { GoodTrack } from "./good-track.ts";
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

export class GoodTenant {
  readonly #options: GoodTenantOptions;
  readonly #tracks: { readonly sessionId: string; readonly name: string; readonly track: GoodTrack }[] = [];
  #ackMs: number[] = [];

  constructor(options: GoodTenantOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { url, perSecond } = this.#options;
    for (const [sessionId, names] of Object.entries(tracksOfSession)) {
      const token = await this.#token(sessionId, "capture");
      for (const name of names) {
        const track = await GoodTrack.start({
          baseWs: new URL(`${url.replace(/^http/, "ws")}/`),
          sessionId,
          track: name,
          token,
          everyMs: 1_000 / perSecond,
          onAck: (ackMs) => this.#ackMs.push(ackMs),
        });
        this.#tracks.push({ sessionId, name, track });
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
    await Promise.all(this.#tracks.map(({ track }) => track.finish()));
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
