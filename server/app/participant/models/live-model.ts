/**
 * What a conversation asks of a model that listens and speaks: no provider's shape gets past this folder. A talk lasts as long as the
 * conversation; its connections come and go, and what a person says between two of them is kept for the next.
 */
import type { Result } from "../../../../schemas/lib/result.ts";
import type { TurnInput } from "../turns/turn-types.ts";

/** What the conversation is about. */
export interface TalkSetup {
  readonly instructions: string;
  readonly voice: string | undefined;
  /** BCP 47. */
  readonly language: string | undefined;
  /** What it says first. */
  readonly greeting: string | undefined;
  /** Questions, asked one after the other. */
  readonly script: readonly string[] | undefined;
  /** Of an earlier connection, to go on where it ended. */
  readonly handle: string | undefined;
}

export interface TalkTokens {
  /** All of them, those of audio included. */
  readonly input: number;
  readonly output: number;
  readonly audioInput: number;
  readonly audioOutput: number;
}

export type TalkEvent =
  | Extract<TurnInput, { type: "asked" | "heard" | "retracted" | "said" | "turn_complete" | "interrupted" }>
  /** Mono, 16 kHz. Turns are numbered upwards over all connections of the talk. */
  | { readonly type: "audio"; readonly turn: number; readonly samples: Int16Array }
  /** What the provider says that the turn took. Each of these is billed. */
  | { readonly type: "usage"; readonly tokens: TalkTokens }
  /** With this another connection goes on, also after this object is gone. */
  | { readonly type: "handle"; readonly handle: string }
  /** The connection ended, or has to be replaced: `connect` makes the next one. Once for each that was connected. */
  | { readonly type: "closed" }
  /** It has nothing more to say than it said. */
  | { readonly type: "done" };

export interface Talk {
  /** Whether its connection crosses a network, where one may be there and give nothing. */
  readonly isRemote: boolean;
  /** Once at a time. No event of an earlier connection comes after it. */
  connect(): Promise<Result<"connected", "unavailable" | "timeout">>;
  /** @param pcm s16le, mono, 16 kHz, 20 to 100 ms. Kept for the next connection where there is none. */
  hear(pcm: Uint8Array): void;
  /** How much of a turn was heard, at its end. */
  handleTurnOver?(turn: number, playedSamples: number, wasCut: boolean): void;
  /** What it says now is not heard any further, without a word of the person. For those that can be told. */
  interrupt?(): void;
  /** Ends the connection in order. */
  close(): void;
}

export interface ModelSocket {
  send(text: string): void;
  close(code: number, reason: string): void;
}

export interface SocketTarget {
  /** Holds no key: addresses are logged. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, also where it came as bytes. */
  readonly onMessage: (text: string) => void;
  /** It ended, or broke. Maybe more than once. */
  readonly onClose: () => void;
  /** Aborted: nobody waits any more, and a socket that opens all the same is closed. */
  readonly signal: AbortSignal;
}

/** Rejects where no connection comes about. */
export type OpenModelSocket = (target: SocketTarget) => Promise<ModelSocket>;
