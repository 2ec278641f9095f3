/** The headers of answers, as components of `openapi.json`, and which answer has which. */
import { httpErrors, type HttpErrorCode } from "../../schemas/wire/errors.ts";
import type { Operation, OperationId } from "../../schemas/http/operations.ts";

const text = { type: "string" } as const;
const count = { type: "integer", minimum: 0 } as const;

export const headerComponents = {
  "x-trace-id": {
    description:
      "The trace id of the request: that of `traceparent` where it was given, else a new one. Quote it in reports.",
    schema: { type: "string", pattern: "^[0-9a-f]{32}$" },
  },
  "x-ratelimit-limit": {
    description: "Requests that this caller may make in any 60 seconds. Absent where the deployment sets no limit.",
    schema: count,
  },
  "x-ratelimit-remaining": { description: "How many of them are left now.", schema: count },
  "x-ratelimit-reset": { description: "Seconds until all of them are there again, if none is used.", schema: count },
  "retry-after": { description: "Seconds to wait before the next try (RFC 9110 §10.2.3).", schema: count },
  "www-authenticate": { description: "`Bearer`, with what is wrong with the credential (RFC 6750 §3).", schema: text },
  etag: { description: "Names this state of the answer; give it as `If-None-Match`.", schema: text },
  "x-result-version": {
    description: "The version of the result that this is; absent from a room of the version before.",
    schema: count,
  },
  "x-result-pending": {
    description: "`true` where something has changed that is in no version yet: the next one is being made.",
    schema: text,
  },
  location: { description: "Path of what was opened, or of what will be there.", schema: text },
  "content-disposition": { description: "`attachment`: a page neither shows nor runs it.", schema: text },
  "content-range": { description: "`bytes FROM-TO/SIZE`; with 416, `bytes */SIZE`.", schema: text },
  "accept-ranges": { description: "`bytes`.", schema: { const: "bytes" } },
  "cache-control": { description: "How long the answer may be kept, and by whom.", schema: text },
  "x-idempotent-replay": { description: "`true` where an earlier answer was given again.", schema: { const: "true" } },
  upgrade: { description: "`websocket`.", schema: { const: "websocket" } },
  "sec-websocket-protocol": {
    description: "The subprotocol that was chosen; absent where none was offered that the gateway speaks.",
    schema: text,
  },
} as const;

export type HeaderName = keyof typeof headerComponents;
type HeaderRefs = Record<string, { $ref: string }>;

/** By operation and status: those that not every answer of its kind has. */
const special: { readonly [Id in OperationId]?: Readonly<Record<number, readonly HeaderName[]>> } = {
  openapi: { 200: ["etag", "cache-control"], 304: ["etag", "cache-control"] },
  asyncapi: { 200: ["etag", "cache-control"], 304: ["etag", "cache-control"] },
  docs: { 200: ["etag", "cache-control"], 304: ["etag", "cache-control"] },
  clientModule: { 200: ["etag", "cache-control"], 304: ["etag", "cache-control"] },
  ingest: { 101: ["sec-websocket-protocol"] },
  ingestTrack: { 101: ["sec-websocket-protocol"] },
  live: { 101: ["sec-websocket-protocol"] },
  getBody: { 200: ["etag", "cache-control", "content-disposition"] },
  createSession: { 200: ["location"], 201: ["location"] },
  finalize: { 202: ["location"] },
  getResult: {
    200: ["etag", "cache-control", "x-result-version", "x-result-pending"],
    304: ["etag", "cache-control", "x-result-version", "x-result-pending"],
  },
  getAudio: {
    200: ["etag", "cache-control", "accept-ranges"],
    206: ["etag", "cache-control", "accept-ranges", "content-range"],
    304: ["etag", "cache-control", "accept-ranges"],
  },
  getPeaks: { 200: ["etag", "cache-control"], 304: ["etag", "cache-control"] },
  createSpeech: { 200: ["etag", "cache-control"] },
  speak: { 200: ["etag", "cache-control"] },
  apiTts: { 200: ["etag", "cache-control"] },
  getState: { 200: ["etag", "cache-control"], 304: ["etag", "cache-control"] },
  exportRttm: { 200: ["etag", "cache-control"], 304: ["etag", "cache-control"] },
  exportVtt: { 200: ["etag", "cache-control"], 304: ["etag", "cache-control"] },
  exportSrt: { 200: ["etag", "cache-control"], 304: ["etag", "cache-control"] },
  exportText: { 200: ["etag", "cache-control"], 304: ["etag", "cache-control"] },
};

/** Errors that say when to try again. */
const retryAfterCodes: ReadonlySet<HttpErrorCode> = new Set([
  "rate_limited",
  "too_many_sessions",
  "keys_unavailable",
  "storage_full",
  "index_unavailable",
  "idempotency_unavailable",
  "gateway_unavailable",
  "inference_unavailable",
  "resolve_queue_full",
  "ledger_unavailable",
  "budget_exhausted",
  "audio_unavailable",
  "result_unavailable",
  "not_finalized",
  "model_unavailable",
]);

const isGuarded = ({ access, isSocket }: Operation): boolean => access !== "public" && !isSocket;
const rateLimits: readonly HeaderName[] = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];

/** Of what an operation answers when all is well. */
export function answerHeaders(id: OperationId, operation: Operation, status: number): HeaderRefs {
  return refs([
    "x-trace-id",
    ...(special[id]?.[status] ?? []),
    ...(operation.underKey === "replayed" ? (["x-idempotent-replay"] as const) : []),
    ...(isGuarded(operation) ? rateLimits : []),
  ]);
}

/** Of its errors of one status. @param codes those that it can have with this status. */
export function errorHeaders(operation: Operation, codes: readonly HttpErrorCode[]): HeaderRefs {
  const [status] = codes.map((code) => httpErrors[code].status);
  return refs([
    "x-trace-id",
    ...(status === 401 ? (["www-authenticate"] as const) : []),
    ...(status === 416 ? (["content-range"] as const) : []),
    ...(status === 426 ? (["upgrade"] as const) : []),
    ...(codes.some((code) => retryAfterCodes.has(code)) ? (["retry-after"] as const) : []),
    // Who is not known has no count of its own.
    ...(isGuarded(operation) && status !== 401 ? rateLimits : []),
  ]);
}

function refs(names: readonly HeaderName[]): HeaderRefs {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}
