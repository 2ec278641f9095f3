/** What the turn machine is told, what it asks for, and what it remembers: plain data, so that a conversation outlives its object. */

export type Phase = "listening" | "thinking" | "speaking" | "interrupted" | "resuming" | "closing" | "ended";

/** Why a conversation ends. */
export type EndReason =
  | "asked"
  | "deleted"
  | "time_limit"
  | "nobody_there"
  | "session_over"
  | "model_done"
  | "model_failed"
  | "budget_exhausted";

/** Samples are at 16 kHz. Places are ms on the timeline of a track. */
export type TurnInput =
  /** The model's connection is ready. Remote: it may be half of one, over which nothing comes. */
  | { readonly type: "connected"; readonly isRemote?: boolean }
  /** The model's connection ended, or is to be replaced. */
  | { readonly type: "lost" }
  /** A person's sound that is no silence. */
  | { readonly type: "voice"; readonly track: string; readonly startMs: number; readonly endMs: number }
  /** The person has said what there was to say, and waits for an answer. */
  | { readonly type: "asked" }
  /** What the model heard. Final: all of the oldest stretch of voice that was not heard yet, or of when it was spoken, and may be nothing. */
  | { readonly type: "heard"; readonly text: string; readonly isFinal: boolean; readonly spoken?: Spoken | undefined }
  /** So much of the end of what was heard, and is not recorded yet, is heard again. */
  | { readonly type: "retracted"; readonly chars: number }
  /** Something came of the model that changes nothing. */
  | { readonly type: "alive" }
  /** Sound of the model's turn. Turns of one connection are numbered upwards. */
  | { readonly type: "audio"; readonly turn: number; readonly samples: number }
  /** Further words of that turn. */
  | { readonly type: "said"; readonly turn: number; readonly text: string }
  /** Nothing more comes of that turn. Since: so much of the end of what was heard is no part of what it answered. */
  | { readonly type: "turn_complete"; readonly turn: number; readonly since?: number }
  /** The person speaks into the model's turn. */
  | { readonly type: "interrupted"; readonly since?: number }
  /** Queued sound went out, beginning at this place of the participant's own track. */
  | { readonly type: "played"; readonly atMs: number; readonly samples: number }
  /** How many connections besides its own the room has. */
  | { readonly type: "people"; readonly count: number }
  /** `model_done` lets what is queued be heard; any other end is at once. */
  | { readonly type: "end"; readonly reason: EndReason }
  /** Time passed. */
  | { readonly type: "tick" };

/** When a person's words reached the participant, ms since 1970. */
export interface Spoken {
  readonly from: number;
  readonly until: number;
}

export interface SpokenUtterance {
  readonly id: string;
  readonly speaker: "USER" | "AI";
  /** Of a person; undefined for the participant's own. */
  readonly track: string | undefined;
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  /** When it began, ms since 1970. */
  readonly at: number;
}

export type TurnEffect =
  /** Connect to the model, after this pause. */
  | { readonly type: "connect"; readonly afterMs: number }
  /** The sound of this input is to be queued behind what is queued. */
  | { readonly type: "queue" }
  /** Drop what is queued, here and at the players. */
  | { readonly type: "flush" }
  | { readonly type: "record"; readonly utterance: SpokenUtterance }
  /** The model may know how much of its turn was heard. */
  | { readonly type: "turn_over"; readonly turn: number; readonly playedSamples: number; readonly wasCut: boolean }
  /** Close the model's connection in order; the conversation is over. */
  | { readonly type: "hang_up"; readonly reason: EndReason };

/** A turn of the model, as far as it came. */
export interface AiTurn {
  readonly turn: number;
  readonly text: string;
  readonly received: number;
  readonly played: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly at: number;
  readonly isComplete: boolean;
}

/** A stretch in which a person was to be heard. */
export interface Voice {
  readonly track: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly at: number;
  /** The model said that it is over. */
  readonly isOver: boolean;
}

export interface TurnState {
  readonly isConnected: boolean;
  /** Connections in a row that came to nothing. */
  readonly failures: number;
  /** In the order in which they are heard; the first one is being played. */
  readonly turns: readonly AiTurn[];
  /** The highest turn of this connection that is over. */
  readonly lastTurn: number;
  readonly voices: readonly Voice[];
  readonly heard: string;
  /** When the model's last answer began, ms since 1970. */
  readonly answeredAt?: number;
  readonly isRemote?: boolean;
  /** The last stretch whose words were recorded. */
  readonly lastVoice?: Voice | undefined;
  /** Since when there is a connection to the model, ms since 1970. */
  readonly connectedAt?: number;
  /** When the model last gave a sign of life, ms since 1970. */
  readonly modelAt?: number;
  /** How often in a row its connection was replaced because it gave none. */
  readonly silences?: number;
  readonly isAsked: boolean;
  readonly wasInterrupted: boolean;
  readonly nextId: number;
  /** When the conversation ends, whatever happens; ms since 1970. */
  readonly endsAt: number;
  /** Since when nobody else is connected. */
  readonly aloneSince: number | undefined;
  readonly closing: { readonly reason: EndReason; readonly until: number } | undefined;
  readonly ended: EndReason | undefined;
}
