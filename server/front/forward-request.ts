/**
 * A request and its answer through the front listener: streamed both ways, each side as fast as the other reads. Ends a body
 * that stops arriving and a client that stops reading.
 */
import {
  type Agent,
  type ClientRequest,
  type IncomingMessage,
  request as httpRequest,
  type ServerResponse,
} from "node:http";
import { answerHeaders, requestHeaders } from "./forwarded-headers.ts";
import { frontLimits } from "./front-limits.ts";
import { inTraceOf, type Refusal, refusal } from "./refusal.ts";

export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Connections to the runtime. */
export interface Agents {
  /** Each used once. Said to be kept alive all the same: the runtime then reads on a little where it answers early. */
  readonly forBodies: Agent;
  readonly others: Agent;
}

/** RFC 9110 §9.2.2: twice is as good as once. */
const idempotent = /^(GET|HEAD|PUT|DELETE|OPTIONS)$/;

/** @param path as the Worker is to see it. */
export function forwardRequest(
  { forBodies, others }: Agents,
  target: Target,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { method, rawHeaders, socket } = request;
  const isChunked = request.headers["transfer-encoding"] !== undefined;
  const hasBody = isChunked || request.headers["content-length"] !== undefined;
  const headers = requestHeaders(rawHeaders, socket.remoteAddress, isChunked);
  const mayRepeat = !hasBody && idempotent.test(method ?? "");
  if (isChunked) headers.push("Transfer-Encoding", "chunked");
  let mayBeDone = false;
  const reached = (): void => {
    mayBeDone = !mayRepeat;
  };
  const send = (onError: (forwarded: ClientRequest) => void): ClientRequest => {
    // What can't be asked again goes on a connection of its own: one that the runtime closes just now shows it only when used.
    const options = {
      ...target,
      agent: mayRepeat ? others : forBodies,
      method,
      path,
      headers,
      setHost: false,
    } as const;
    const forwarded = httpRequest(options);
    forwarded.once("socket", (toRuntime) => {
      if (toRuntime.connecting) toRuntime.once("connect", reached);
      else reached();
    });
    forwarded.on("response", (answer) => passAnswer(answer, response));
    forwarded.on("error", () => onError(forwarded));
    response.once("close", () => {
      if (response.writableFinished) return;
      // A connection that is only closed looks half open to the runtime, which goes on until it writes: a reset ends its work.
      forwarded.socket?.resetAndDestroy();
      forwarded.destroy();
    });
    return forwarded;
  };
  const giveUp = (): void => refuse(request, response, mayBeDone ? brokenOff() : unavailable());
  if (!hasBody) {
    send(({ reusedSocket }) => {
      if (mayRepeat && reusedSocket && !response.headersSent) send(giveUp).end();
      else giveUp();
    }).end();
    return;
  }
  const forwarded = send(() => {
    if (response.headersSent || response.destroyed || !mayBeDone) return giveUp();
    // The Worker answered in the middle of the body and closed, and the answer is lost. What it answers from the headers
    // alone can be asked for again.
    const wasSent = forwarded.writableFinished;
    const again = send(giveUp);
    again.flushHeaders();
    const timer = setTimeout(() => {
      // A body that went out whole was no reason to stop reading. What the client has sent since then went nowhere.
      refuse(request, response, wasSent ? brokenOff() : unread());
      again.destroy();
    }, frontLimits.answerWithoutBodyMs);
    again.once("response", () => clearTimeout(timer));
    response.once("close", () => clearTimeout(timer));
  });
  passBody(request, response, forwarded);
}

function passBody(request: IncomingMessage, response: ServerResponse, forwarded: ClientRequest): void {
  const timer = setTimeout(() => {
    const detail = `The body stopped arriving for ${frontLimits.bodyIdleTimeoutMs / 1_000} s.`;
    refuse(request, response, refusal("bad_request", detail));
    forwarded.destroy();
  }, frontLimits.bodyIdleTimeoutMs);
  request.pipe(forwarded);
  // What nobody reads any more is let go.
  for (const event of ["response", "error"]) forwarded.once(event, () => request.unpipe(forwarded).resume());
  request.on("data", () => timer.refresh());
  const stop = (): void => clearTimeout(timer);
  request.once("end", stop);
  request.once("close", stop);
  response.once("finish", () => {
    stop();
    if (request.complete) return;
    const late = setTimeout(() => request.socket.destroy(), frontLimits.closeTimeoutMs);
    request.once("close", () => clearTimeout(late));
  });
}

function passAnswer(answer: IncomingMessage, response: ServerResponse): void {
  if (response.destroyed || response.headersSent) {
    answer.destroy();
    return;
  }
  // `writeHead` takes a flat list, so that what comes twice goes on twice.
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answerHeaders(answer.rawHeaders));
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearTimeout(timer);
    timer = undefined;
  };
  answer.once("error", () => response.destroy());
  answer.pipe(response);
  answer.on("data", () => {
    if (response.writableNeedDrain) timer ??= setTimeout(() => response.destroy(), frontLimits.slowReaderTimeoutMs);
  });
  response.on("drain", stop);
  response.once("close", stop);
}

function refuse(request: IncomingMessage, response: ServerResponse, refused: Refusal): void {
  // An answer that is complete is still on its way out.
  if (response.writableEnded) return;
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const { status, reason, headers, body } = inTraceOf(request, refused);
  response.writeHead(status, reason, headers).end(body, () => request.socket.destroySoon());
}

function unread(): Refusal {
  return refusal("body_too_large", "The body is larger than this operation reads.");
}

/** Nothing was done: the runtime starts again, or the request may be repeated whatever became of it. */
export function unavailable(): Refusal {
  const { headers, ...rest } = refusal("gateway_unavailable", "The gateway's runtime starts again. Try again.");
  return { ...rest, headers: { ...headers, "retry-after": "1" } };
}

/** A request that changes something had reached the runtime. */
function brokenOff(): Refusal {
  return refusal(
    "internal",
    "The gateway's runtime ended while the request was under way. Whether it was done is not known: look, or ask again under its idempotency key.",
  );
}
