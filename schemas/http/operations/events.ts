/** Following a session: its state and its event log, in pages, as a stream, on a socket. */
import { eventsPageSchema } from "../events.ts";
import { anyRole, bySessions, session, type Operation } from "../operation.ts";
import { eventsQuerySchema, liveQuerySchema, stateQuerySchema } from "../queries.ts";
import { sessionStateSchema } from "../sessions.ts";

export const eventsOperations = {
  getState: {
    method: "GET",
    path: `${session}/state`,
    summary: "Where the session stands: speakers, and every track's watermarks.",
    access: bySessions("sessions:read", anyRole),
    query: stateQuerySchema,
    headers: { "if-none-match": { description: "The `ETag` of the answer you have." } },
    answers: {
      200: { description: "The state.", schema: sessionStateSchema },
      304: { description: "What `If-None-Match` names is the state still." },
    },
    errors: ["bad_request", "session_not_found", "session_deleted"],
  },
  getEvents: {
    method: "GET",
    path: `${session}/events`,
    summary: "The event log, in pages; with `Accept: text/event-stream`, live.",
    access: bySessions("sessions:read", anyRole),
    query: eventsQuerySchema,
    headers: { "last-event-id": { description: "Of a stream that goes on: goes before `after`." } },
    answers: {
      200: { description: "A page, or a stream of server-sent events.", schema: eventsPageSchema },
      204: { description: "To a stream: the session is finalized, and nothing follows." },
    },
    errors: ["bad_request", "session_not_found", "session_deleted"],
  },
  live: {
    method: "GET",
    path: `${session}/live`,
    summary: "Watch the event log over a WebSocket.",
    access: bySessions("sessions:read", anyRole),
    isSocket: true,
    query: liveQuerySchema,
    answers: { 101: { description: "The socket; refusals come on it as one `error` and a close." } },
    errors: ["bad_request"],
  },
} as const satisfies Record<string, Operation>;
