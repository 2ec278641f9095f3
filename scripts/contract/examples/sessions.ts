/** Examples of the gateway's own routes and of what opens, lists, ends and deletes sessions. */
import { version } from "../version.ts";
import type { ExamplesOf } from "./example-types.ts";
import * as meeting from "./meeting.ts";

const { session: session_id, track } = meeting.exampleIds;
const { at, coverage } = meeting;
/** Not a real one: its signature is made up. */
const token =
  "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ3ZWItNDIiLCJzZXNzaW9uX2lkIjoiYm9hcmQtNyIsInJvbGUiOiJjYXB0dXJlIn0.ZXhhbXBsZS1zaWduYXR1cmUtbm90LXZhbGlkLWFueXdoZXJl";

export const sessionExamples: ExamplesOf<
  | "health"
  | "openapi"
  | "asyncapi"
  | "docs"
  | "ingest"
  | "ingestTrack"
  | "live"
  | "listSessions"
  | "createSession"
  | "configureSession"
  | "deleteSession"
  | "mintToken"
  | "getState"
  | "finalize"
> = {
  health: {
    answers: {
      200: {
        serving: {
          summary: "It serves, and resolves speakers by itself",
          value: {
            status: "ok",
            app: "roomtone",
            version,
            durable_object: "MEETING_SESSION",
            r2_bucket: "RESULT_BUCKET",
            inference: "embedded",
          },
        },
      },
    },
  },
  openapi: { answers: {} },
  asyncapi: { answers: {} },
  docs: { answers: {} },
  ingest: { answers: {} },
  ingestTrack: { answers: {} },
  live: { answers: {} },
  listSessions: {
    answers: {
      200: {
        page: {
          summary: "One finalized meeting, one that goes on, and more on the next page",
          value: {
            sessions: [
              {
                session_id: "standup-112",
                status: "open",
                created_at: at(1_800),
                updated_at: at(1_925),
                finalized_at: null,
                tracks: 2,
                kept_seconds: 248,
                duration_ms: 125_000,
                coverage: 0.992,
              },
              {
                session_id,
                status: "finalized",
                created_at: at(0),
                updated_at: at(20.3),
                finalized_at: meeting.finalizedAt,
                tracks: 1,
                kept_seconds: 11,
                duration_ms: 12_000,
                coverage,
              },
            ],
            next_cursor: Buffer.from(JSON.stringify([Date.parse(at(0)), session_id])).toString("base64url"),
          },
        },
      },
    },
  },
  createSession: {
    body: {
      with_roster: {
        summary: "A meeting whose people are known",
        value: {
          session_id,
          roster: meeting.roster,
          metadata: meeting.metadata,
          resolve: { window_chunks: 4 },
          webhook_url: "https://backend.example/roomtone?for=board",
          retention_days: 90,
        },
      },
      defaults: { summary: "All defaults; the gateway makes an id", value: {} },
    },
    answers: {
      200: { same: { summary: "The settings that hold", value: meeting.settings } },
      201: { opened: { summary: "The settings that hold", value: meeting.settings } },
    },
  },
  configureSession: {
    body: {
      keep_longer: {
        summary: "Keep it for a year, and send webhooks nowhere",
        value: { retention_days: 365, webhook_url: null },
      },
      roster: {
        summary: "Other people than was thought",
        value: { roster: [...meeting.roster, { name: "Mary Jackson" }] },
      },
    },
    answers: {
      200: { changed: { summary: "The settings that hold now", value: { ...meeting.settings, retention_days: 365 } } },
    },
  },
  deleteSession: {
    answers: {
      200: {
        receipt: {
          summary: "All of it is gone",
          value: {
            session_id,
            status: "deleted",
            by: "request",
            requested_at: at(86_400),
            deleted_at: at(86_401.2),
            objects: 13,
            bytes: 11 * 32_000 + 44 + 12 * 32_000 - 8_000 + 5_310,
            unarchived_chunks: 0,
            tracks: 1,
            events: meeting.events.length,
            utterances: 3,
          },
        },
      },
      202: {
        pending: { summary: "A long meeting takes a while", value: { session_id, status: "deleting", objects: 4_000 } },
      },
    },
  },
  mintToken: {
    body: {
      capture: {
        summary: "For a browser that streams its microphone for an hour",
        value: { role: "capture", tracks: ["mic"], sub: "web-42", lifetime_s: 3_600 },
      },
      observe: { summary: "For somebody who watches", value: { role: "observe" } },
    },
    answers: {
      201: {
        minted: {
          summary: "The token, shown this once",
          value: { token, session_id, sub: "web-42", role: "capture", tracks: ["mic"], expires_at: at(3_600) },
        },
      },
    },
  },
  getState: {
    answers: {
      200: {
        midway: {
          summary: "After eight seconds, one of which is missing",
          value: {
            session_id,
            status: "open",
            state: {
              clusters: meeting.speakerState.clusters.slice(0, 1),
              bindings: { c1: "Ada Lovelace" },
              roster: meeting.roster,
              config: {},
            },
            event_count: 5,
            updated_at: at(8.1),
            ingest: meeting.statusMidway,
            ingest_by_track: { [track]: meeting.statusMidway },
          },
        },
      },
    },
  },
  finalize: {
    body: {
      expect: {
        summary: "The track had twelve seconds; wait up to a minute for what is missing",
        value: { metadata: { outcome: "approved" }, expect: { [track]: 12 }, grace_ms: 60_000 },
      },
      now: { summary: "As it is, now", value: {} },
    },
    answers: {
      200: {
        finalized: {
          summary: "The result can be fetched",
          value: {
            session_id,
            result_key: meeting.resultKey,
            event_count: meeting.events.length,
            finalized_at: meeting.finalizedAt,
            coverage,
            missing: { [track]: [[7, 7]] },
          },
        },
      },
      202: {
        waiting: {
          summary: "Second 7 may still come",
          value: { session_id, status: "open", pending_chunks: 0, missing: { [track]: [[7, 7]] } },
        },
      },
    },
  },
};
