/** Examples of what a session leaves, and of its webhooks. */
import type { Delivery, WebhookPayload, WebhookType } from "../../../schemas/webhooks.ts";
import type { Examples, ExamplesOf } from "./example-types.ts";
import * as meeting from "./meeting.ts";

const { session: session_id, track, delivery: delivery_id } = meeting.exampleIds;
const { at, coverage, event } = meeting;

const failed: Delivery = {
  delivery_id,
  type: "session.finalized",
  event_id: 12,
  created_at: at(20.3),
  state: "pending",
  attempts: 2,
  last_at: at(25.7),
  last_origin: "https://backend.example",
  last_status: 500,
  last_error: "status",
  next_at: at(87.4),
};

export const resultExamples: ExamplesOf<
  | "getResult"
  | "getAudio"
  | "exportRttm"
  | "exportVtt"
  | "exportSrt"
  | "exportText"
  | "listDeliveries"
  | "resendDelivery"
> = {
  getResult: {
    answers: { 200: { board_meeting: { summary: "Twelve seconds of a board meeting", value: meeting.result } } },
  },
  getAudio: { answers: {} },
  exportRttm: {
    answers: {},
    texts: {
      200: {
        board_meeting: {
          summary: "A line a turn",
          value: `SPEAKER board-7 1 0.300 3.400 <NA> <NA> Ada_Lovelace <NA> <NA>
SPEAKER board-7 1 4.200 1.700 <NA> <NA> Grace_Hopper <NA> <NA>
SPEAKER board-7 1 9.800 1.800 <NA> <NA> Ada_Lovelace <NA> <NA>
`,
        },
      },
    },
  },
  exportVtt: {
    answers: {},
    texts: {
      200: {
        board_meeting: {
          summary: "Gaps are notes",
          value: `WEBVTT

NOTE Seconds 7 to 7 of track mixed are missing (capture_stall).

00:00:00.300 --> 00:00:03.700
<v Ada Lovelace>Hello everyone, this is Ada. Shall we begin?</v>

00:00:04.200 --> 00:00:05.900
<v Grace Hopper>Thank you, Ada. The numbers first.</v>

00:00:09.800 --> 00:00:11.600
<v Ada Lovelace>They look right to me.</v>
`,
        },
      },
    },
  },
  exportSrt: {
    answers: {},
    texts: {
      200: {
        board_meeting: {
          summary: "A caption an utterance",
          value: `1
00:00:00,300 --> 00:00:03,700
Ada Lovelace: Hello everyone, this is Ada. Shall we begin?

2
00:00:04,200 --> 00:00:05,900
Grace Hopper: Thank you, Ada. The numbers first.

3
00:00:09,800 --> 00:00:11,600
Ada Lovelace: They look right to me.
`,
        },
      },
    },
  },
  exportText: {
    answers: {},
    texts: {
      200: {
        board_meeting: {
          summary: "A line an utterance, a line a gap",
          value: `[00:00:00] Ada Lovelace: Hello everyone, this is Ada. Shall we begin?
[00:00:04] Grace Hopper: Thank you, Ada. The numbers first.
[00:00:06] (1 s of track mixed missing: capture_stall)
[00:00:09] Ada Lovelace: They look right to me.
`,
        },
      },
    },
  },
  listDeliveries: {
    answers: {
      200: { failing: { summary: "The receiver answered 500 twice", value: { deliveries: [failed] } } },
    },
  },
  resendDelivery: {
    answers: { 202: { again: { summary: "It is tried now", value: { ...failed, next_at: at(30) } } } },
  },
};

const inMeeting = { tenant: "default", session_id };

/** What each webhook brings. */
export const webhookExamples: Readonly<Record<WebhookType, Examples<WebhookPayload>>> = {
  "session.finalized": {
    finalized: {
      summary: "The result can be fetched",
      value: {
        type: "session.finalized",
        timestamp: at(20.3),
        data: { ...inMeeting, event: event(12), result_key: meeting.resultKey, coverage },
      },
    },
  },
  "resolve.failed": {
    given_up: {
      summary: "Four seconds without a speaker",
      value: {
        type: "resolve.failed",
        timestamp: at(905),
        data: {
          ...inMeeting,
          event: {
            event_id: 9,
            at: at(905),
            type: "resolve.failed",
            track,
            from_seq: 5,
            to_seq: 8,
            detail: "The service answered 500.",
            by: "room",
          },
        },
      },
    },
  },
  "track.stalled": {
    stalled: {
      summary: "Nothing came after second 8",
      value: {
        type: "track.stalled",
        timestamp: at(68.1),
        data: {
          ...inMeeting,
          event: { event_id: 6, at: at(68.1), type: "track.stalled", track, to_seq: 8, by: "room" },
        },
      },
    },
  },
};
