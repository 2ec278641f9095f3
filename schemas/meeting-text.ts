/**
 * What was said in a meeting, as the app asks the gateway for it when it makes it findable: every utterance once, as it stands, with
 * the name of who spoke as far as it is known now. It goes over the binding between the two Workers, never over the network.
 */
export interface MeetingTextLine {
  readonly track: string;
  readonly utterance_id: string;
  /** Place on the track's own timeline, ms. */
  readonly start_ms: number;
  readonly end_ms: number;
  readonly text: string;
  readonly speaker: string | null;
}

export interface MeetingTalk {
  readonly speaker: string;
  readonly talk_ms: number;
}

export interface MeetingText {
  readonly title: string | null;
  /** When the session was opened, ms since 1970. */
  readonly opened_at: number;
  /** In the order of the meeting. */
  readonly lines: readonly MeetingTextLine[];
  /** Who spoke for how long, by speaker resolve; empty where nothing was resolved. */
  readonly talk: readonly MeetingTalk[];
  /** Whether there was more than one answer holds. */
  readonly is_cut: boolean;
}
