/**
 * The app's router. Requests come from the gateway alone, checked by the table of operations; who asks is in a header that
 * only the gateway sets. A request without it is nobody's: it gets the files that anyone may have, and nothing else.
 */
import { Hono } from "hono";
import type { Context } from "hono";
import { type AppOperationId, appOperations, type Operation, pageFilesPath } from "../../../schemas/http/operations.ts";
import { parsePrincipal, principalHeader } from "../../shared/access/principal-header.ts";
import { problemResponse } from "../../shared/http/problem-response.ts";
import { canonicalPath } from "../../shared/http/path.ts";
import { traceIdFrom } from "../../shared/http/trace.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { AppEnv } from "./app-env.ts";
import { getCaptionsRoute } from "./captions.ts";
import { endParticipantRoute, getParticipantRoute, startParticipantRoute } from "./participant.ts";
import { documentRoute, pageFileRoute } from "./files.ts";
import { cancelTranscriptionRoute, getTranscriptionRoute, startTranscriptionRoute } from "./transcriptions.ts";
import { budgetsRoute, setBudgetsRoute } from "./billing/budgets.ts";
import { entriesRoute } from "./billing/entries.ts";
import { flushRoute, topUpRoute } from "./billing/money-in.ts";
import { recordRoute } from "./billing/record.ts";
import { edgeHealthRoute, metricsRoute } from "./operations/health.ts";
import { traceRoute } from "./operations/trace.ts";
import { balanceRoute, usageRoute } from "./billing/usage.ts";
import { apiChatRoute, chatRoute } from "./chat/chat.ts";
import {
  addMessageRoute,
  clearChatRoute,
  createChatRoute,
  deleteChatRoute,
  getChatRoute,
  listChatsRoute,
  resumeChatRoute,
  updateChatRoute,
} from "./chat/chats.ts";
import { completionsRoute } from "./chat/completions.ts";
import { escalateRoute, statusRoute, streamRoute } from "./chat/escalate.ts";
import { chooseModelsRoute } from "./speech/choose-models.ts";
import { modelsRoute, voicesRoute } from "./speech/models.ts";
import { apiSttRoute, sttRoute } from "./speech/stt.ts";
import { apiTtsRoute, ttsRoute } from "./speech/tts.ts";
import { completeBodyRoute, getBodyRoute, putBodyPartRoute, startBodyRoute } from "./sync/bodies.ts";
import {
  lockSyncRoute,
  syncAdaptersRoute,
  syncHistoryRoute,
  syncKnowledgeRoute,
  syncSettingsRoute,
  syncStatusRoute,
} from "./sync/documents.ts";
import { openAiSpeechRoute } from "./speech/openai-speech.ts";
import { openAiTranscriptionRoute } from "./speech/openai-transcription.ts";

type Handler = (c: Context<AppEnv>) => Response | Promise<Response>;

const handlers: Readonly<Record<AppOperationId, Handler>> = {
  openapi: documentRoute("openapi.json"),
  asyncapi: documentRoute("asyncapi.json"),
  docs: documentRoute("docs.html"),
  console: documentRoute("console.html"),
  clientModule: documentRoute("client.js"),
  transcribeAudio: openAiTranscriptionRoute,
  createSpeech: openAiSpeechRoute,
  listModels: modelsRoute,
  startTranscription: startTranscriptionRoute,
  getTranscription: getTranscriptionRoute,
  cancelTranscription: cancelTranscriptionRoute,
  transcribe: sttRoute,
  speak: ttsRoute,
  listVoices: voicesRoute,
  chooseModels: chooseModelsRoute,
  apiStt: apiSttRoute,
  apiTts: apiTtsRoute,
  getCaptions: getCaptionsRoute,
  chat: chatRoute,
  startParticipant: startParticipantRoute,
  getParticipant: getParticipantRoute,
  endParticipant: endParticipantRoute,
  getMetrics: metricsRoute,
  getEdgeHealth: edgeHealthRoute,
  getTrace: traceRoute,
  getUsage: usageRoute,
  getBalance: balanceRoute,
  recordEntries: recordRoute,
  topUp: topUpRoute,
  flushLedger: flushRoute,
  completeChat: completionsRoute,
  apiChat: apiChatRoute,
  listChats: listChatsRoute,
  createChat: createChatRoute,
  getChat: getChatRoute,
  updateChat: updateChatRoute,
  deleteChat: deleteChatRoute,
  addMessage: addMessageRoute,
  clearChat: clearChatRoute,
  resumeAnswer: resumeChatRoute,
  escalate: escalateRoute,
  streamEscalation: streamRoute,
  routerStatus: statusRoute,
  listEntries: entriesRoute,
  getBudgets: budgetsRoute,
  setBudgets: setBudgetsRoute,
  syncSettings: syncSettingsRoute,
  syncKnowledge: syncKnowledgeRoute,
  syncAdapters: syncAdaptersRoute,
  syncLora: syncAdaptersRoute,
  syncHistory: syncHistoryRoute,
  syncStatus: syncStatusRoute,
  lockSync: lockSyncRoute,
  startBody: startBodyRoute,
  putBodyPart: putBodyPartRoute,
  completeBody: completeBodyRoute,
  getBody: getBodyRoute,
};

export function createApp(): Hono<AppEnv> {
  const app = new Hono<AppEnv>({ getPath: canonicalPath });
  app.use(async (c, next) => {
    c.set("traceId", traceIdFrom(c.req.header("traceparent")));
    const principal = parsePrincipal(c.req.header(principalHeader));
    if (!principal.ok) throw new Error("the gateway names a principal that is none");
    c.set("principal", principal.value);
    await next();
  });
  for (const [id, { method, path, access }] of Object.entries(appOperations) as [AppOperationId, Operation][]) {
    app.on(method, path, async (c) => {
      if (access !== "public" && c.var.principal === undefined) {
        return problemResponse("unauthorized", "Nobody is named as the caller.", c.var.traceId);
      }
      return handlers[id](c);
    });
  }
  app.get(`${pageFilesPath}:name`, pageFileRoute);
  app.notFound((c) => problemResponse("not_found", "No such route.", c.var.traceId));
  app.onError((cause, c) => {
    log.error("cf_error", { trace_id: c.var.traceId, error: describeError(cause) });
    const detail = "The app failed on this request. Try again; quote the trace id if it stays.";
    return problemResponse("internal", detail, c.var.traceId);
  });
  return app;
}
