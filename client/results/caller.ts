/**
 * A call: one request, sent until it is answered, and the answer in the form that was asked for. Sends a request twice
 * only where that can't do a thing twice: it is safe to repeat, or the gateway said that it did nothing.
 */
import type * as z from "zod";
import { readLater } from "../../schemas/lib/read-later.ts";
import { type OpenBody, openBody } from "./body.ts";
import { type Answer, type Door, type Exchange, exchange } from "./exchange.ts";
import { type FailedCall, RoomtoneAnswerError } from "./results-errors.ts";
import { pause, Retries } from "./retry.ts";
import { newTraceId } from "./trace.ts";
import { parseJson } from "../../schemas/lib/parse-json.ts";

export interface Request {
  readonly method: FailedCall["method"];
  readonly path: string;
  /** Sent as JSON, where it is no audio. */
  readonly body?: object | Blob;
  readonly headers?: Readonly<Record<string, string>>;
  readonly authorized?: false;
  readonly good?: readonly number[];
  /** Whether it may be sent again when nobody knows what became of it. */
  readonly repeatable: boolean;
  readonly timeoutMs?: number;
  /** A new one, unless the request is part of a longer call. */
  readonly traceId?: string;
  readonly signal?: AbortSignal | undefined;
}

/** All reject with what `exchange` throws, and with RoomtoneAnswerError. */
export interface Caller {
  /** For one request and its whole answer. */
  readonly timeoutMs: number;
  readonly retries: number;
  /** @param deadlineAt of `performance.now()`: no attempt begins or goes on after it. */
  json<T>(request: Request, schema: z.ZodType<T>, deadlineAt?: number): Promise<T>;
  /** @param mediaType without parameters; another one is no answer of a gateway. */
  text(request: Request, mediaType: string): Promise<string>;
  /** Resolves when the answer begins. @param mediaType as for `text`, or `audio/*`. */
  body(request: Request, mediaType: string): Promise<OpenBody>;
}

export function createCaller(door: Door, { timeoutMs, retries }: Pick<Caller, "timeoutMs" | "retries">): Caller {
  async function send<T>(
    request: Request,
    accept: string,
    attempt: (once: Exchange) => Promise<T>,
    deadlineAt = Infinity,
  ): Promise<T> {
    const { method, path, headers = {}, authorized = true, good = [200], signal, traceId = newTraceId() } = request;
    const body = request.body instanceof Blob ? request.body : request.body && JSON.stringify(request.body);
    const whole = { method, path, headers, accept, body, authorized, good, signal, traceId };
    const limitMs = request.timeoutMs ?? timeoutMs;
    const rules = new Retries({
      retries,
      isRepeatable: request.repeatable,
      isRenewable: authorized && door.isRenewable,
    });
    for (;;) {
      const leftMs = Math.max(1, deadlineAt - performance.now());
      try {
        return await attempt({ ...whole, timeoutMs: Math.min(limitMs, leftMs) });
      } catch (error) {
        const delayMs = rules.delayMs(error);
        if (delayMs === undefined || performance.now() + delayMs >= deadlineAt) throw error;
        if (delayMs > 0) door.onWait?.(rules.wait(error, delayMs));
        await pause(delayMs, signal);
      }
    }
  }

  return {
    timeoutMs,
    retries,
    json: (request, schema, deadlineAt) =>
      send(request, "application/json", async (once) => parse(once, await exchange(door, once), schema), deadlineAt),
    text: (request, mediaType) =>
      send(request, mediaType, async (once) => {
        const { text, contentType } = await exchange(door, once);
        checkType(once, contentType, mediaType);
        return text;
      }),
    body: (request, mediaType) =>
      send(request, mediaType, async (once) => {
        const open = await openBody(door, once);
        try {
          checkType(once, open.headers.get("content-type"), mediaType);
        } catch (error) {
          await open.body.cancel();
          throw error;
        }
        return open;
      }),
  };
}

function checkType(call: FailedCall, contentType: string | null, mediaType: string): void {
  const type = contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (type === mediaType || (mediaType.endsWith("/*") && type.startsWith(mediaType.slice(0, -1)))) return;
  throw new RoomtoneAnswerError(call, `was answered with something that is not ${mediaType}. Check the base URL.`);
}

function parse<T>(call: FailedCall, { text }: Answer, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch {
    throw new RoomtoneAnswerError(call, "was answered with something that is not JSON. Check the base URL.");
  }
  const parsed = readLater(schema, value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue?.path.map(String).join(".") || "its root";
  throw new RoomtoneAnswerError(call, `was answered with JSON that breaks the contract at ${where}.`);
}
