/** The sockets on which audio comes. */
import { byTracks, type Operation } from "../operation.ts";

export const ingestOperations = {
  ingest: {
    method: "GET",
    path: "/v1/audio/ws/:session_id",
    summary: "Stream a track's audio. Opens the session if need be.",
    access: byTracks("sessions:write", ["capture", "converse"]),
    isSocket: true,
    switchedBy: "ingest",
    answers: { 101: { description: "The socket; refusals come on it as one `error` and a close." } },
    errors: [],
  },
  ingestTrack: {
    method: "GET",
    path: "/v1/audio/ws/:session_id/:track",
    summary: "Stream the audio of the track that the path names.",
    access: byTracks("sessions:write", ["capture", "converse"]),
    isSocket: true,
    switchedBy: "ingest",
    answers: { 101: { description: "The socket; refusals come on it as one `error` and a close." } },
    errors: ["invalid_track"],
  },
} as const satisfies Record<string, Operation>;
