/**
 * A question to a gateway, as the operator's commands ask it. Whatever comes of it but an answer of the shape that was asked for is a Failure
 * whose one sentence says what to do (V4), in words of this gateway or of none: what else answers at an address steers no terminal.
 */
import type * as z from "zod";
import { networkReason } from "../../client/results/exchange.ts";
import { problemSchema } from "../../schemas/http/problem.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { parseJson } from "../../schemas/lib/parse-json.ts";
import { shownLine } from "../../schemas/visible-line.ts";

export interface GatewayQuestion<Answer> {
  /** Ends with a slash. */
  readonly base: URL;
  /** The option that names it. */
  readonly option: string;
  readonly token: string | undefined;
  /** Without a slash before it. */
  readonly path: string;
  /** Posted as JSON; a GET without. */
  readonly body?: object | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly answer: z.ZodType<Answer>;
}

/** @throws Failure; and the signal's reason, where that ended it and is no timeout. */
export async function askGateway<Answer>(question: GatewayQuestion<Answer>): Promise<Answer> {
  const { base, option, answer, signal } = question;
  const { status, ok, text } = await sent(question).catch((cause: unknown) => {
    if (signal?.aborted && !(cause instanceof DOMException && cause.name === "TimeoutError")) throw cause;
    const reason = shownLine(networkReason(cause));
    throw new Failure(
      `No gateway answers at ${base.href} (${reason}): start one with npm start, or say where it is with ${option}.`,
    );
  });
  const said = parsed(text);
  const wanted = ok ? answer.safeParse(said) : undefined;
  if (wanted?.success) return wanted.data;
  const problem = problemSchema.safeParse(said);
  if (!problem.success || ok) {
    throw new Failure(
      `What answers at ${base.href} (HTTP ${status}) is no gateway of this version: say where it is with ${option}.`,
    );
  }
  const { code, detail } = problem.data;
  const isNameless = status === 401 && question.token === undefined;
  const remedy = isNameless ? " Set ROOMTONE_API_KEY, or give --token." : "";
  throw new Failure(shownLine(`The gateway answered ${status} ${code}: ${detail}${remedy}`));
}

interface Sent {
  readonly status: number;
  readonly ok: boolean;
  readonly text: string;
}

async function sent({ base, token, path, body, signal }: GatewayQuestion<unknown>): Promise<Sent> {
  const answer = await fetch(new URL(path, base), {
    method: body === undefined ? "GET" : "POST",
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
    // A key must not follow to another place.
    redirect: "manual",
  });
  return { status: answer.status, ok: answer.ok, text: await answer.text() };
}

function parsed(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}
