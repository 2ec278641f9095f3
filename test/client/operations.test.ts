/** Every route of the contract has a method of the results library, which asks for just that; or a reason to have none. */
import { expect, test } from "vitest";
import * as z from "zod";
import { createResultsClient, encodeBase64, type ResultsClient, RoomtoneHttpError } from "../../client/index.ts";
import { type Operation, type OperationId, operations } from "../../schemas/http/operations.ts";
import { html, json, problem, scriptedGateway } from "./support/scripted-gateway.ts";

type Calls = Partial<Record<keyof ResultsClient, (client: ResultsClient) => Promise<unknown>>>;

const first = <T>(items: AsyncIterable<T>): Promise<unknown> => items[Symbol.asyncIterator]().next();
const deliveryId = `msg_${"0".repeat(36)}`;
const document = "a document for tools and people: fetch it";

const methods: Record<OperationId, Calls | string> = {
  health: { health: (client) => client.health() },
  ready: { ready: (client) => client.ready() },
  openapi: document,
  asyncapi: document,
  docs: document,
  console: "a page for people",
  clientModule: "the library itself, for a page to load",
  transcribeAudio: "any client of OpenAI's API",
  createSpeech: "any client of OpenAI's API",
  listModels: { models: (client) => client.models() },
  startTranscription: { transcribe: (client) => client.transcribe("s") },
  startParticipant: { startParticipant: (client) => client.startParticipant("s", { script: ["Why?"] }) },
  getParticipant: { participant: (client) => client.participant("s") },
  endParticipant: { endParticipant: (client) => client.endParticipant("s") },
  getCaptions: { captions: (client) => client.captions("s") },
  getTranscription: { transcription: (client) => client.transcription("s") },
  cancelTranscription: { cancelTranscription: (client) => client.cancelTranscription("s") },
  transcribe: { stt: (client) => client.stt(new Uint8Array(44), { language: "en", words: true }) },
  speak: { tts: (client) => client.tts({ text: "Hello" }) },
  listVoices: { voices: (client) => client.voices() },
  chooseModels: "for who runs an installation: fetch it",
  getUsage: { usage: (client) => client.usage({ from: "2026-11-01", to: "2026-11-30", by: "model", limit: 5 }) },
  getBalance: { balance: (client) => client.balance() },
  recordEntries: {
    recordUsage: (client) =>
      client.recordUsage([{ event_id: "e1", at: "2026-11-29T09:00:00Z", feature: "chat", cost_usd: "0.0105" }]),
  },
  topUp: { topUp: (client) => client.topUp({ event_id: "invoice-7", amount_usd: "25" }) },
  getMetrics: "for Prometheus",
  getEdgeHealth: { edgeHealth: (client) => client.edgeHealth() },
  getTrace: { trace: (client) => client.trace("s", { at: "2026-11-29T10:04:00Z", minutes: 5 }) },
  listEntries: "for who runs an installation: `npm run billing -- reconcile`",
  getBudgets: { budgets: (client) => client.budgets() },
  setBudgets: "for who runs an installation: fetch it",
  flushLedger: "for who runs an installation: fetch it",
  syncSettings: "the client of sync, which keeps what it has not sent yet",
  syncKnowledge: "likewise",
  syncAdapters: "likewise",
  syncLora: "another name of syncAdapters",
  syncHistory: "the client of sync",
  syncStatus: "likewise",
  lockSync: "likewise",
  startBody: "likewise",
  putBodyPart: "likewise",
  completeBody: "likewise",
  getBody: "likewise",
  completeChat: "any client of OpenAI's API",
  apiChat: "another name of chat",
  listChats: "for who builds a page with chats: fetch it",
  createChat: "likewise",
  getChat: "likewise",
  updateChat: "likewise",
  deleteChat: "likewise",
  addMessage: "likewise",
  clearChat: "likewise",
  resumeAnswer: "likewise; an EventSource of one's own",
  escalate: "for local assistants, which have a client of their own",
  streamEscalation: "likewise",
  routerStatus: "likewise",
  chat: { chat: (client) => first(client.chat({ message: "What was said?" })) },
  apiStt: "another name of transcribe",
  apiTts: "another name of speak",
  ingest: "startCapture, which names the track in the path",
  ingestTrack: "startCapture",
  live: "liveEvents, over server-sent events of getEvents, and listen, over a WebSocket",
  rebuildSessions: "for who runs an installation: npm run rebuild",
  getQuota: { quota: (client) => client.quota() },
  listSessions: {
    listSessions: (client) => client.listSessions(),
    allSessions: (client) => first(client.allSessions()),
  },
  createSession: { createSession: (client) => client.createSession() },
  getSession: { session: (client) => client.session("s") },
  configureSession: { configureSession: (client) => client.configureSession("s", {}) },
  deleteSession: { deleteSession: (client) => client.deleteSession("s") },
  mintToken: {
    mintToken: (client) => client.mintToken("s", { role: "capture", tracks: ["mic"], open: { title: "T" } }),
  },
  getState: { state: (client) => client.state("s") },
  getEvents: { events: (client) => client.events("s"), liveEvents: (client) => first(client.liveEvents("s")) },
  addUtterances: {
    addUtterances: (client) => client.addUtterances("s", [{ start_ms: 0, end_ms: 1, text: "Hello" }]),
  },
  bindSpeaker: { bindSpeaker: (client) => client.bindSpeaker("s", "c1", "Ada") },
  unbindSpeaker: { unbindSpeaker: (client) => client.unbindSpeaker("s", "c1") },
  mergeSpeakers: { mergeSpeakers: (client) => client.mergeSpeakers("s", "c1", "c2") },
  undoCorrection: { undo: (client) => client.undo("s", 1) },
  correctTurn: { judgeTurn: (client) => client.judgeTurn("s", 1, { cluster_id: null }) },
  setTrackOrigin: { setTrackOrigin: (client) => client.setTrackOrigin("s", "mic", 1_790_000_000_000) },
  resolve: {
    resolve: (client) =>
      client.resolve("s", { audio: { content_b64: encodeBase64(new Uint8Array(2)), format: "pcm_s16le" } }),
  },
  retryResolves: { retryResolves: (client) => client.retryResolves("s") },
  reviewSpeakers: { reviewSpeakers: (client) => client.reviewSpeakers("s") },
  finalize: { finalize: (client) => client.finalize("s") },
  getResult: { result: (client) => client.result("s") },
  listResults: { results: (client) => client.results("s") },
  getAudio: { audio: (client) => client.audio("s") },
  getPeaks: { peaks: (client) => client.peaks("s") },
  exportRttm: { exportDocument: (client) => client.exportDocument("s", "speakers.rttm") },
  exportVtt: { exportDocument: (client) => client.exportDocument("s", "transcript.vtt") },
  exportSrt: { exportDocument: (client) => client.exportDocument("s", "transcript.srt") },
  exportText: { exportDocument: (client) => client.exportDocument("s", "transcript.txt") },
  listDeliveries: { deliveries: (client) => client.deliveries("s") },
  testWebhook: { testWebhook: (client) => client.testWebhook("s") },
  resendDelivery: { resendDelivery: (client) => client.resendDelivery("s", deliveryId) },
};

const calls = Object.entries(methods).flatMap(([id, method]) =>
  typeof method === "string"
    ? []
    : Object.entries(method).map(([name, call]) => [id as OperationId, name, call] as const),
);

test("no operation is without a method, and no method without an operation", () => {
  expect(Object.keys(methods).toSorted()).toEqual(Object.keys(operations).toSorted());
  const client = createResultsClient({ baseUrl: "http://127.0.0.1:9" });
  expect([...new Set(calls.map(([, name]) => name)), "listen", "sync"].toSorted()).toEqual(
    Object.keys(client).toSorted(),
  );
});

test.each(calls)("%s is asked for by %s", async (id, _name, call) => {
  const operation: Operation = operations[id];
  const gateway = await scriptedGateway(problem("not_found"));
  await expect(call(createResultsClient({ baseUrl: gateway.url, token: "t" }))).rejects.toBeInstanceOf(
    RoomtoneHttpError,
  );
  const [asked] = gateway.asked;
  const [path = "", query] = asked?.path.split("?") ?? [];
  expect(asked?.method).toBe(operation.method);
  expect(path).toMatch(new RegExp(`^${operation.path.replaceAll(".", "\\.").replaceAll(/:\w+/g, "[^/]+")}$`));
  expect(asked?.headers.authorization).toBe(operation.access === "public" ? undefined : "Bearer t");
  const isJson = asked?.body !== "" && operation.audioBody === undefined;
  const body: unknown = isJson ? JSON.parse(asked?.body ?? "") : undefined;
  expect((operation.body?.schema ?? z.undefined()).safeParse(body).error).toBeUndefined();
  const parameters = query === undefined ? undefined : Object.fromEntries(new URLSearchParams(query));
  expect((operation.query?.optional() ?? z.undefined()).safeParse(parameters).error).toBeUndefined();
});

test("what each answers is what it gives", async () => {
  const minted = {
    token: "a.b.c",
    session_id: "s",
    sub: "ada",
    role: "observe",
    expires_at: "2026-01-01T00:05:00.000Z",
  };
  const delivery = {
    delivery_id: deliveryId,
    type: "session.finalized",
    event_id: 3,
    created_at: "2026-01-01T00:00:00.000Z",
    state: "dead",
    attempts: 9,
    last_at: null,
    last_origin: null,
    last_status: null,
    last_error: null,
    next_at: null,
  };
  const gateway = await scriptedGateway(
    json(minted, 201),
    json({ deliveries: [delivery] }),
    json({ ...delivery, state: "pending" }, 202),
    (response) => void response.writeHead(200, { "content-type": "text/vtt; charset=utf-8" }).end("WEBVTT\n"),
  );
  const client = createResultsClient({ baseUrl: gateway.url });
  expect(await client.mintToken("s", { role: "observe", sub: "ada" })).toEqual(minted);
  expect(await client.deliveries("s")).toEqual([delivery]);
  expect(await client.resendDelivery("s", deliveryId)).toMatchObject({ state: "pending" });
  expect(await client.exportDocument("s", "transcript.vtt", { track: "mic" })).toBe("WEBVTT\n");
  expect(gateway.asked.map(({ path }) => path)).toEqual([
    "/v1/sessions/s/tokens",
    "/v1/sessions/s/webhooks",
    `/v1/sessions/s/webhooks/${deliveryId}/resend`,
    "/v1/sessions/s/transcript.vtt?track=mic",
  ]);
});

test("a page of something else is no transcript", async () => {
  const gateway = await scriptedGateway(html(200));
  const exporting = createResultsClient({ baseUrl: gateway.url }).exportDocument("s", "transcript.txt");
  await expect(exporting).rejects.toThrow("was answered with something that is not text/plain. Check the base URL.");
});

test.each(["", "msg_1", `../${deliveryId}`, `${deliveryId}/..`])("delivery id %j is sent nowhere", async (id) => {
  const gateway = await scriptedGateway(problem("not_found"));
  await expect(createResultsClient({ baseUrl: gateway.url }).resendDelivery("s", id)).rejects.toThrow(TypeError);
  expect(gateway.asked).toEqual([]);
});
