/** A good body of each operation that takes JSON: a mutated one gets past the door, and to what is behind it. Pure. */
import type { OperationId } from "../../schemas/http/operations.ts";

/** Of a chat, a body and a delivery that may be there: what one request makes another one finds. */
const chatId = "6f0d7b2e-3d52-4c1a-9a57-0c5f6a1e2b3d";
const sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** For the names of a path besides the session's. */
export const goodParts: Readonly<Record<string, string>> = {
  chat_id: chatId,
  cluster_id: "c1",
  delivery_id: `msg_${chatId}`,
  event_id: "1",
  part: "1",
  sha256,
  track: "mic",
};

type Example = (session: string) => unknown;

const rooms = {
  createSession: (session) => ({
    session_id: session,
    roster: [{ name: "Ada", email: "ada@example.com" }, { name: "Bob" }],
    metadata: { title: "fuzz", nested: { a: [1, "b", null] } },
    resolve: { auto: false, window_chunks: 4 },
    webhook_url: null,
    retention_days: 30,
    auto_finalize_after_ms: 86_400_000,
  }),
  configureSession: () => ({ metadata: { title: "fuzz" }, roster: [{ name: "Ada" }], retention_days: null }),
  mintToken: (session) => ({
    role: "observe",
    tracks: ["mic"],
    sub: "fuzz",
    lifetime_s: 60,
    open: { session_id: session, title: "fuzz" },
  }),
  addUtterances: () => ({
    utterances: [
      { utterance_id: "u1", track: "mic", start_ms: 0, end_ms: 900, text: "Hello.", speaker: "Ada" },
      { start_ms: 1_000, end_ms: 2_000, text: "I am Bob." },
    ],
  }),
  bindSpeaker: () => ({ name: "Ada" }),
  mergeSpeakers: () => ({ into: "c1" }),
  correctTurn: () => ({ cluster_id: "c1" }),
  setTrackOrigin: () => ({ origin_ms: 1_000 }),
  resolve: () => ({
    audio: { content_b64: "AAAAAAAA", format: "pcm_s16le", sample_rate: 16_000, channels: 1 },
    asr_text: "I am Ada.",
    roster: [{ name: "Ada" }],
  }),
  retryResolves: () => ({ track: "mic" }),
  reviewSpeakers: () => ({ track: "mic" }),
  finalize: () => ({ metadata: { title: "end" }, expect: { mixed: 1 }, grace_ms: 0 }),
  rebuildSessions: (session) => ({ session: { tenant: "default", session_id: session } }),
} satisfies Partial<Record<OperationId, Example>>;

const question = { query: "When is the launch?", context: { constraints: ["short"] }, max_tokens: 100 };

const models = {
  speak: () => ({ text: "Hello.", voice: "flite", format: "wav", speed: 1 }),
  chooseModels: () => ({ stt: null, tts: null, chat: ["embedded/quotes"] }),
  startTranscription: () => ({ tracks: ["mic"] }),
  chat: (session) => ({
    message: "Who said hello?",
    meetings: [session],
    documents: ["d1"],
    speakers: ["Ada"],
    from: "2026-11-29T00:00:00Z",
  }),
  createChat: () => ({ chat_id: chatId, title: "fuzz", context: { local_knowledge: ["a"] } }),
  updateChat: () => ({ title: "fuzzed", model: null }),
  addMessage: () => ({ role: "user", content: "Hello." }),
  escalate: (session) => ({ request_id: "r1", ...question, session_id: session }),
  streamEscalation: (session) => ({ request_id: "r2", ...question, session_id: session }),
  completeChat: () => ({ model: "embedded/quotes", messages: [{ role: "user", content: "Hello?" }], stream: false }),
  apiChat: (session) => ({ message: "Who said hello?", meetings: [session] }),
  createSpeech: () => ({ model: "embedded/flite", input: "Hello.", voice: "flite" }),
  apiTts: () => ({ text: "Hello." }),
  startParticipant: () => ({ listen: ["mic"], script: ["Hello."], max_minutes: 1 }),
} satisfies Partial<Record<OperationId, Example>>;

const synced = (changes: readonly unknown[]): unknown => ({ device_id: "laptop", since: 0, limit: 10, changes });

const documents = {
  syncSettings: () => synced([{ id: "console", body: { theme: "dark", nested: { a: [1, null] } } }]),
  syncKnowledge: () =>
    synced([{ id: "d1", title: "Notes", media_type: "text/plain", body: "The launch is in March." }]),
  syncAdapters: () => synced([{ id: "a1", title: "Adapter", base_model: "llama", sha256 }]),
  syncLora: () => synced([{ id: "a2", title: "Adapter", base_model: "llama", sha256 }]),
  syncHistory: () => synced([{ id: chatId, title: "fuzz" }]),
  lockSync: () => ({ device_id: "laptop" }),
  startBody: () => ({ sha256, bytes: 1 }),
} satisfies Partial<Record<OperationId, Example>>;

const money = {
  recordEntries: () => ({
    entries: [{ event_id: "e1", at: "2026-11-29T10:04:00Z", feature: "fuzz", cost_usd: "0.0105", multiplier: "cloud" }],
  }),
  topUp: () => ({ event_id: "t1", amount_usd: "5.00", note: "fuzz" }),
  setBudgets: () => ({ budgets: [{ feature: "fuzz", usd_per_day: "5.00", tokens_per_minute: 100_000 }] }),
} satisfies Partial<Record<OperationId, Example>>;

export const goodBodies: Readonly<Partial<Record<OperationId, Example>>> = {
  ...rooms,
  ...models,
  ...documents,
  ...money,
};
