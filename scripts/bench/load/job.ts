/** What the load generator is asked and what it answers, over the channel between two processes of this project. */
import type { Encoding } from "../../../schemas/wire/codec.ts";

/** As fast as acks come back, or on a schedule that no answer holds up. */
export type Drive =
  | { readonly kind: "window"; readonly window: number }
  | { readonly kind: "schedule"; readonly everyMs: number; readonly warmUpMs: number };

export interface LoadTrack {
  readonly session: string;
  /** Left out where the server knows no tracks. */
  readonly track?: string;
}

export interface LoadJob {
  /** `http://HOST:PORT` */
  readonly url: string;
  readonly encoding: Encoding;
  /** Whether the server speaks the whole protocol: it is greeted, and marks are answered. The others only ack, in order. */
  readonly isGateway: boolean;
  /** A connection each. */
  readonly tracks: readonly LoadTrack[];
  /** Of each track. */
  readonly chunks: number;
  /** Of the first one; 1 where it is not given. */
  readonly firstSeq?: number;
  readonly drive: Drive;
}

export interface LoadResult {
  /** Chunks acked. */
  readonly acked: number;
  /** Chunks that got no ack before the patience was over. */
  readonly unanswered: number;
  /** Chunks that were refused for now; on a schedule they are not sent again. */
  readonly refused: number;
  /** From opening the connections to the last greeting. */
  readonly openMs: number;
  /** From the first send to the last ack. */
  readonly tookMs: number;
  /** From when each chunk was *meant* to be sent to its ack; what got none counts with the time it waited. Without the warm-up. */
  readonly latenciesMs: readonly number[];
  /** How late the generator itself was, of all sends of a schedule. */
  readonly sendLateMs: readonly number[];
  /** The generator's own time on the processor from first send to last ack. */
  readonly cpuMs: number;
}

/** Answers of the process: its result, or a sentence. */
export type LoadAnswer = { readonly result: LoadResult } | { readonly failure: string };
