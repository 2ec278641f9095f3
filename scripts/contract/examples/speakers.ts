/** Examples of the event log and of what changes the speakers. */
import type { ExamplesOf } from "./example-types.ts";
import * as meeting from "./meeting.ts";

const { session: session_id, track, turn } = meeting.exampleIds;
const { at, event } = meeting;
/** A tenth of a second of silence, so that it can be read; send whole sentences. */
const content_b64 = Buffer.alloc(24).toString("base64");
const server_sent = [2, 4]
  .map((id) => event(id))
  .map((one) => `id: ${one.event_id}\nevent: ${one.type}\ndata: ${JSON.stringify(one)}\n\n`)
  .join("");

export const speakerExamples: ExamplesOf<
  | "getEvents"
  | "addUtterances"
  | "bindSpeaker"
  | "unbindSpeaker"
  | "mergeSpeakers"
  | "correctTurn"
  | "resolve"
  | "retryResolves"
> = {
  getEvents: {
    answers: {
      200: {
        page: {
          summary: "The first four events",
          value: { events: meeting.events.slice(0, 4), next_after: 4, has_more: true },
        },
      },
    },
    texts: { 200: { stream: { summary: "Two events of a stream", value: `retry: 2000\n\n${server_sent}` } } },
  },
  addUtterances: {
    body: {
      captions: {
        summary: "Two captions: one new, one that revises what was posted before",
        value: {
          utterances: [
            { utterance_id: "u2", start_ms: 4_200, end_ms: 5_900, text: "Thank you, Ada. The numbers first." },
            { utterance_id: "u1", start_ms: 300, end_ms: 3_700, text: "Hello everyone, this is Ada. Shall we begin?" },
          ],
        },
      },
      named: {
        summary: "From a source that knows who speaks",
        value: {
          utterances: [
            { track: "mic", start_ms: 9_800, end_ms: 11_600, text: "They look right to me.", speaker: "Ada Lovelace" },
          ],
        },
      },
    },
    answers: {
      200: {
        added: {
          summary: "One added, one revised",
          value: {
            utterances: [
              { utterance_id: "u2", status: "added", revision: 1 },
              { utterance_id: "u1", status: "revised", revision: 2 },
            ],
          },
        },
      },
    },
  },
  bindSpeaker: {
    body: { grace: { summary: "Cluster c2 is Grace", value: { name: "Grace Hopper" } } },
    answers: {
      200: {
        bound: {
          summary: "The name holds from now on",
          value: {
            events: [
              {
                event_id: 8,
                at: at(16),
                type: "speaker.bound",
                cluster_id: "c2",
                speaker_name: "Grace Hopper",
                by: "person",
              },
            ],
          },
        },
        said_before: { summary: "It was said before", value: { events: [] } },
      },
    },
  },
  unbindSpeaker: {
    answers: {
      200: {
        unbound: {
          summary: "c2 is not Grace, whatever inference says later",
          value: {
            events: [
              {
                event_id: 9,
                at: at(18),
                type: "speaker.unbound",
                cluster_id: "c2",
                speaker_name: "Grace Hopper",
                by: "person",
              },
            ],
          },
        },
      },
    },
  },
  mergeSpeakers: {
    body: { into_c2: { summary: "They are one person", value: { into: "c2" } } },
    answers: {
      200: {
        merged: {
          summary: "c3 is part of c2",
          value: {
            events: [
              {
                event_id: 9,
                at: at(18),
                type: "speaker.merged",
                cluster_id: "c3",
                into_cluster_id: "c2",
                by: "person",
              },
            ],
          },
        },
      },
    },
  },
  correctTurn: {
    body: {
      confirmed: { summary: "The suggested name is right", value: { suggestion: "confirmed" } },
      refused: { summary: "It is not", value: { suggestion: "refused" } },
      given: { summary: "The turn is c1's", value: { cluster_id: "c1" } },
      new_speaker: { summary: "The turn is of somebody new", value: { cluster_id: null } },
    },
    answers: {
      200: {
        confirmed: { summary: "The cluster has its name", value: { events: [event(8)] } },
        given: {
          summary: "The turn has another speaker",
          value: {
            events: [
              { event_id: 9, at: at(18), type: "speaker.reassigned", turn_id: turn, cluster_id: "c1", by: "person" },
            ],
          },
        },
      },
    },
  },
  resolve: {
    body: {
      pcm: {
        summary: "Raw audio (cut short here), with what was said in it",
        value: {
          audio: { content_b64, format: "pcm_s16le", sample_rate: 16_000, channels: 1 },
          asr_text: "Hello everyone, this is Ada.",
        },
      },
    },
    answers: {
      200: {
        named: {
          summary: "A new voice that says its name",
          value: {
            session_id,
            cluster_id: "c1",
            speaker_name: "Ada Lovelace",
            decision: "auto",
            evidence: {
              sv_score: 0.31,
              threshold_low: 0.45,
              threshold_high: 0.65,
              segment_count: 1,
              name_hit: "Ada",
              roster_hit: "Ada Lovelace",
            },
            updated_state: {
              clusters: meeting.speakerState.clusters.slice(0, 1),
              bindings: { c1: "Ada Lovelace" },
              roster: meeting.roster,
              config: {},
            },
            segments: [{ start_ms: 300, end_ms: 3_700, cluster_id: "c1" }],
          },
        },
      },
    },
  },
  retryResolves: {
    body: { one_track: { summary: "Those of one track", value: { track } }, all: { summary: "All", value: {} } },
    answers: { 200: { opened: { summary: "Three windows are tried again", value: { reopened_windows: 3 } } } },
  },
};
