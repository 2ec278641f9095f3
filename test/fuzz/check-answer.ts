/** Whether an answer is one that the table of operations documents for the request. */
import { httpErrors, type HttpErrorCode } from "../../schemas/wire/errors.ts";
import { commonErrors, type Operation, operations } from "../../schemas/http/operations.ts";
import { problemSchema } from "../../schemas/http/problem.ts";
import { type BuiltRequest, isGood } from "./build-request.ts";
import { hold, same } from "./finding.ts";
import type { RequestWorld } from "./request-world.ts";

export interface FuzzAnswer {
  readonly status: number;
  /** By name, in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Of a socket, what came first on it. */
  readonly text: string;
}

/** Documented, but only for days on which something is down. */
const onBadDays: ReadonlySet<HttpErrorCode> = new Set([
  "internal",
  "misconfigured",
  "keys_unavailable",
  "storage_full",
  "app_unavailable",
  "index_unavailable",
  "idempotency_unavailable",
  "gateway_unavailable",
  "audio_unavailable",
  "result_unavailable",
]);

/** What is in no table is the app's to know (SPEC X2): whoever comes without a good credential is not let through to it. */
const beforeTheApp = ["unauthorized", "token_expired", "rate_limited"] as const satisfies readonly HttpErrorCode[];

const securityHeaders: readonly string[] = [
  "strict-transport-security",
  "x-content-type-options",
  "x-frame-options",
  "referrer-policy",
  "cross-origin-resource-policy",
  "content-security-policy",
  "cache-control",
];

export const internals = /\bat \S+ \(|node_modules|\/work\/|file:\/\/|\.[cm]?[jt]s:\d|sqlite_|SQLITE_|D1_ERROR/;
const traceparent = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

type Route = { readonly operation: Operation } | { readonly code: HttpErrorCode };

/** @throws Finding */
export function checkAnswer(request: BuiltRequest, answer: FuzzAnswer, world: RequestWorld): void {
  const { status, headers, text } = answer;
  checkTraceable(request, answer);
  if (status !== 101) {
    for (const name of securityHeaders) hold(headers[name] !== undefined, `the answer (${status}) lacks ${name}`);
  }
  checkSilence(request, answer, world);
  const route = routeOf(request);
  if (status >= 400) return checkProblem(request, answer, route);
  if (request.method === "OPTIONS" && status === 204) {
    hold(headerOf(request, "origin") !== undefined, "a preflight is answered that came from no page");
    return;
  }
  if (status === 101 && isRefusal(text)) return;
  if (status === 308) return hold(isPageWithSlash(request), "a redirect that leads to no public page");
  hold("operation" in route, `answered ${status} where there is no route`);
  const { operation } = route;
  const isPublic = operation.access === "public";
  // A route without a session in its path shows a token's own session, whichever that is (J3).
  const isOwn =
    operation.access !== "public" &&
    operation.access.covers === "caller" &&
    request.plan.credential.name === "otherSession";
  hold(
    isPublic || isOwn || isGood(request.plan.credential),
    `answered ${status} to the credential ${request.plan.credential.name}`,
  );
  const documented = operation.answers[status];
  hold(documented !== undefined, `answered ${status}, which ${operation.path} does not document`);
  if (status === 101) return;
  checkBody(request, answer, documented);
}

function checkTraceable(request: BuiltRequest, { status, headers }: FuzzAnswer): void {
  const traceId = headers["x-trace-id"];
  hold(traceId !== undefined && /^[0-9a-f]{32}$/.test(traceId), `the answer (${status}) has x-trace-id ${traceId}`);
  const asked = request.headers.filter(([name]) => name === "traceparent");
  const given = asked.length === 1 ? traceparent.exec(asked[0]?.[1] ?? "")?.[1] : undefined;
  if (given !== undefined) same("x-trace-id", traceId, given);
}

function checkSilence({ plan }: BuiltRequest, { status, headers, text }: FuzzAnswer, world: RequestWorld): void {
  const all = `${JSON.stringify(headers)}\n${text}`;
  hold(!internals.test(all), `tells of its inside: ${all.slice(0, 2_000)}`);
  for (const secret of world.secrets) hold(!all.includes(secret), "the answer holds a secret of the installation");
  const shown = world.credentials[plan.credential.name];
  // A browser gives up where none of its offers is taken, so that one is handed back (SPEC W3).
  const isHandedBack = status === 101 && plan.credential.as === "subprotocol";
  hold(isHandedBack || shown.length < 12 || !all.includes(shown), "the answer holds the credential that was shown");
}

function checkProblem(request: BuiltRequest, answer: FuzzAnswer, route: Route): void {
  const { status, headers, text } = answer;
  same("content-type", headers["content-type"], "application/problem+json");
  const possible = codesOf(request, route);
  if (request.method === "HEAD") {
    same("body of an answer to HEAD", text, "");
    hold(
      possible.some((code) => httpErrors[code].status === status),
      `answered ${status}; expected ${possible.join(", ")}`,
    );
    return;
  }
  const problem = problemSchema.safeParse(parsed(text));
  hold(problem.success, `no problem document: ${text.slice(0, 500)}`);
  const { code, detail } = problem.data;
  hold(Object.hasOwn(httpErrors, code), `unknown code ${code}`);
  const known = httpErrors[code as HttpErrorCode];
  same("problem", [problem.data.status, problem.data.title, status], [known.status, known.title, known.status]);
  same("trace_id", problem.data.trace_id, headers["x-trace-id"]);
  hold(/^\P{Cc}+[.?…]$/u.test(detail), `no sentence: ${JSON.stringify(detail)}`);
  hold(
    possible.includes(code as HttpErrorCode),
    `answered ${code} (${detail}); expected one of ${possible.join(", ")}`,
  );
  if (code === "method_not_allowed") hold(headers["allow"] !== undefined, "405 without Allow");
}

/** The codes that the request may be refused with. */
function codesOf(request: BuiltRequest, route: Route): HttpErrorCode[] {
  const fromPage: HttpErrorCode[] = headerOf(request, "origin") === undefined ? [] : ["origin_not_allowed"];
  // Of a body that is never there in full the listener may say so before it hears what the route answers.
  const ofListener: HttpErrorCode[] = request.plan.body.lie === undefined ? [] : ["bad_request"];
  const always = [...fromPage, ...ofListener];
  if ("code" in route) return [route.code, ...always, ...(route.code === "not_found" ? beforeTheApp : [])];
  const { operation } = route;
  return [...operation.errors, ...commonErrors(operation), ...always].filter((code) => !onBadDays.has(code));
}

/** A public page asked for with a slash too many (SPEC N5). */
function isPageWithSlash({ method, path }: BuiltRequest): boolean {
  const { pathname } = new URL(`http://gateway.test${path}`);
  const isPage = ({ method: itsMethod, access, path: its }: Operation) =>
    itsMethod === "GET" && access === "public" && matches(its, pathname.slice(0, -1));
  return ["GET", "HEAD"].includes(method) && /.\/$/.test(pathname) && Object.values<Operation>(operations).some(isPage);
}

/** Which row of the table a request is for; worked out by itself, not by the router. */
function routeOf(request: BuiltRequest): Route {
  const { method, path } = request;
  const { pathname } = new URL(`http://gateway.test${path}`);
  const rows: readonly Operation[] = Object.values(operations);
  const here = rows.filter((row) => matches(row.path, pathname));
  const asked = method === "HEAD" ? "GET" : method;
  const operation = here.find((row) => row.method === asked);
  if (operation) return { operation };
  if (here.length > 0) return { code: "method_not_allowed" };
  // Another spelling of a row (SPEC Y10). Headers that come twice are one list, which is no `websocket`.
  const upgrades = request.headers.flatMap(([name, value]) => (name === "upgrade" ? value.toLowerCase() : []));
  // What an Upgrade header says counts only where Connection names it (RFC 9110, 7.8).
  const isUpgrade = upgrades.join(", ") === "websocket" && headerOf(request, "connection")?.toLowerCase() === "upgrade";
  const isInterview = isUpgrade && /^\/[^/]+$/.test(pathname);
  if (asked === "GET" && isInterview) return { operation: operations.ingest };
  return { code: pathname.split("/").every(isReadable) ? "not_found" : "bad_request" };
}

function matches(pattern: string, pathname: string): boolean {
  const [parts, given] = [pattern.split("/"), pathname.split("/")];
  return (
    parts.length === given.length &&
    parts.every((part, i) => (part.startsWith(":") ? given[i] !== "" : part === decoded(given[i] ?? "")))
  );
}

/** Decoded once where every escape of the part can be read (SPEC N5); else as it is. */
function decoded(part: string): string {
  return isReadable(part) ? decodeURIComponent(part) : part;
}

function isReadable(part: string): boolean {
  if (/%(?![0-9a-f]{2})/i.test(part)) return false;
  const runs = part.match(/(?:%[0-9a-f]{2})+/gi) ?? [];
  return runs.every((run) => isUtf8(Uint8Array.from(run.slice(1).split("%"), (digits) => Number.parseInt(digits, 16))));
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return true;
  } catch {
    // That is the answer.
    return false;
  }
}

function checkBody(
  request: BuiltRequest,
  { status, headers, text }: FuzzAnswer,
  documented: Operation["answers"][number],
): void {
  const type = headers["content-type"]?.toLowerCase();
  if (type?.startsWith("text/event-stream")) {
    // Some have no other answer.
    if (documented.contentType?.startsWith("text/event-stream") === true) return;
    same("who asks for a stream", headerOf(request, "accept")?.includes("text/event-stream"), true);
    return;
  }
  if (request.method === "HEAD" || status === 204 || status === 304) return same("body", text, "");
  if (documented.contentType !== undefined) same("content-type", type, documented.contentType);
  if (!documented.schema) return;
  hold(type?.startsWith("application/json") === true, `content-type is ${type}`);
  const read = documented.schema.safeParse(parsed(text));
  hold(read.success, `not the documented body: ${text.slice(0, 800)} ${JSON.stringify(read.error?.issues[0])}`);
}

/** Whether the first words on a socket are a refusal (SPEC W7). */
export function isRefusal(text: string): boolean {
  return /"type":"error"|type\W*error/.test(text);
}

function headerOf({ headers }: BuiltRequest, wanted: string): string | undefined {
  return headers.find(([name]) => name === wanted)?.[1];
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // No JSON.
    return undefined;
  }
}
