/** A small body for each operation that takes one, and what it is answered with: `sizes.test.ts` makes them as long as may be. */
import type { OperationId, operations } from "../../../schemas/http/operations.ts";

export type WithBody = {
  [K in OperationId]: (typeof operations)[K] extends { body: unknown } ? K : never;
}[OperationId];

/** A body that is right but for its size, of each operation that takes one; and its limit. */
export const bodies: Readonly<Record<WithBody, readonly [tag: string, body: object]>> = {
  rebuildSessions: ["[limit:maxRebuildBodyBytes]", { session: { tenant: "default", session_id: "never" } }],
  createSession: ["[limit:maxSessionBodyBytes]", {}],
  configureSession: ["[limit:maxSessionBodyBytes]", {}],
  mintToken: ["[limit:maxMintBodyBytes]", { role: "observe" }],
  addUtterances: ["[limit:maxUtterancesBodyBytes]", { utterances: [{ text: "a", start_ms: 0, end_ms: 1 }] }],
  bindSpeaker: ["[limit:maxCorrectionBodyBytes]", { name: "Ada" }],
  mergeSpeakers: ["[limit:maxCorrectionBodyBytes]", { into: "c1" }],
  correctTurn: ["[limit:maxCorrectionBodyBytes]", { cluster_id: "c1" }],
  setTrackOrigin: ["[limit:maxCorrectionBodyBytes]", { origin_ms: 1 }],
  resolve: ["[limit:maxResolveBodyBytes]", { audio: { content_b64: "AAAA", format: "pcm_s16le" } }],
  retryResolves: ["[limit:maxCorrectionBodyBytes]", {}],
  reviewSpeakers: ["[limit:maxCorrectionBodyBytes]", {}],
  finalize: ["[limit:maxFinalizeBodyBytes]", {}],
  startTranscription: ["[limit:maxCorrectionBodyBytes]", {}],
  startParticipant: ["[limit:maxSessionBodyBytes]", {}],
  chooseModels: ["[limit:maxCorrectionBodyBytes]", { stt: null }],
  speak: ["[limit:maxSpeechBodyBytes]", { text: "Hi" }],
  chat: ["[limit:maxChatBodyBytes]", { message: "Hi" }],
  recordEntries: [
    "[limit:maxRecordBodyBytes]",
    { entries: [{ event_id: "e1", at: "2026-11-29T09:00:00Z", feature: "chat" }] },
  ],
  setBudgets: ["[limit:maxCorrectionBodyBytes]", { budgets: [] }],
  topUp: ["[limit:maxCorrectionBodyBytes]", { event_id: "e1", amount_usd: "1" }],
  createChat: ["[limit:maxChatBodyBytes]", { title: "T" }],
  syncSettings: ["[limit:maxSyncRequestBytes]", { device_id: "laptop" }],
  syncKnowledge: ["[limit:maxSyncRequestBytes]", { device_id: "laptop" }],
  syncAdapters: ["[limit:maxSyncRequestBytes]", { device_id: "laptop" }],
  syncLora: ["[limit:maxSyncRequestBytes]", { device_id: "laptop" }],
  syncHistory: ["[limit:maxSyncRequestBytes]", { device_id: "laptop" }],
  lockSync: ["[limit:maxCorrectionBodyBytes]", { device_id: "laptop" }],
  startBody: ["[limit:maxCorrectionBodyBytes]", { sha256: "0".repeat(64), bytes: 1 }],
  updateChat: ["[limit:maxChatBodyBytes]", { title: "T" }],
  addMessage: ["[limit:maxChatBodyBytes]", { role: "user", content: "Hi" }],
  escalate: ["[limit:maxChatBodyBytes]", { request_id: "r1", query: "Hi" }],
  streamEscalation: ["[limit:maxChatBodyBytes]", { request_id: "r2", query: "Hi" }],
};
/** What that body is answered with in a session that has a speaker and a turn. */
export const statusOf: Readonly<Record<WithBody, number>> = {
  rebuildSessions: 200,
  createSession: 201,
  configureSession: 200,
  mintToken: 201,
  addUtterances: 200,
  bindSpeaker: 200,
  mergeSpeakers: 400, // Into itself.
  correctTurn: 200,
  setTrackOrigin: 404,
  resolve: 200,
  retryResolves: 200,
  reviewSpeakers: 409, // It is not finalized.
  finalize: 200,
  startTranscription: 503, // No model is set up here.
  startParticipant: 503, // Likewise.
  chooseModels: 200,
  speak: 503, // Likewise.
  chat: 200,
  recordEntries: 200,
  topUp: 200,
  createChat: 201,
  updateChat: 404,
  addMessage: 404,
  escalate: 200,
  streamEscalation: 200,
  setBudgets: 200,
  syncSettings: 200,
  syncKnowledge: 200,
  syncAdapters: 200,
  syncLora: 200,
  syncHistory: 200,
  lockSync: 200,
  startBody: 200,
};
