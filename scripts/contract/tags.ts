/** The groups in which the operations are shown. */
import type { OperationId } from "../../schemas/http/operations.ts";

export const tags = {
  Gateway: "What runs here, its console, and this contract.",
  Ingest: "Audio comes in over a WebSocket; its messages are in `asyncapi.json`.",
  Sessions: "Meetings: opened, configured, listed, finalized, deleted.",
  Tokens: "Short-lived credentials for capture clients and watchers.",
  Events: "The append-only log of a session, in pages and live.",
  Speakers: "Who speaks: what was said, what inference finds, and what people say of it.",
  Results: "What a session leaves: result, audio, exports.",
  Webhooks: "What the gateway tells a backend by itself.",
} as const;

export type Tag = keyof typeof tags;

export const tagOf: Readonly<Record<OperationId, Tag>> = {
  health: "Gateway",
  ready: "Gateway",
  openapi: "Gateway",
  asyncapi: "Gateway",
  docs: "Gateway",
  console: "Gateway",
  ingest: "Ingest",
  ingestTrack: "Ingest",
  listSessions: "Sessions",
  createSession: "Sessions",
  getSession: "Sessions",
  configureSession: "Sessions",
  deleteSession: "Sessions",
  mintToken: "Tokens",
  getState: "Sessions",
  getEvents: "Events",
  live: "Events",
  addUtterances: "Speakers",
  bindSpeaker: "Speakers",
  unbindSpeaker: "Speakers",
  mergeSpeakers: "Speakers",
  correctTurn: "Speakers",
  setTrackOrigin: "Speakers",
  resolve: "Speakers",
  retryResolves: "Speakers",
  finalize: "Sessions",
  getResult: "Results",
  getAudio: "Results",
  getPeaks: "Results",
  exportRttm: "Results",
  exportVtt: "Results",
  exportSrt: "Results",
  exportText: "Results",
  listDeliveries: "Webhooks",
  testWebhook: "Webhooks",
  resendDelivery: "Webhooks",
};
