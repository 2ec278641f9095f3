/** Whether a room answered a frame as it had to. */
import { wireErrors } from "../../schemas/wire/errors.ts";
import { type RoomMessage, roomMessageSchema } from "../../schemas/wire/messages.ts";
import { hold, same } from "./finding.ts";
import type { Expected } from "./room-model.ts";

export interface Heard {
  /** In order; without events, which come when they come. */
  readonly messages: readonly unknown[];
  readonly close: number | undefined;
}

/** How many messages the room must send. */
export function countExpected(expected: Expected): number {
  if (expected.kind === "answered" && expected.reply === null) return 0;
  return expected.kind === "refused" && expected.isLastStraw ? 2 : 1;
}

/** @returns the seq that a refusal named. @throws Finding */
export function checkReplies(expected: Expected, { messages, close }: Heard): number | undefined {
  const replies = messages.map((message) => parsed(message));
  const all = JSON.stringify(messages).slice(0, 2_000);
  hold(replies.length === countExpected(expected), `answered ${replies.length} times (${close}): ${all}`);
  const [reply, second] = replies;
  same("close code", close ?? null, expected.close ?? null);
  if (expected.kind === "answered" && expected.reply === null) return undefined;
  hold(reply !== undefined, "nothing was answered");
  let seq: number | undefined;
  if (expected.kind === "refused") {
    hold(reply.type === "error", `answered ${JSON.stringify(reply)}; expected ${expected.codes.join(" or ")}`);
    seq = checkRefusal(reply, expected);
    if (expected.isLastStraw) {
      const isIt = second?.type === "error" && second.code === "too_many_errors";
      hold(isIt, `the 32nd bad frame brought ${JSON.stringify(second)}; expected too_many_errors`);
    }
  } else {
    checkAnswer(reply, expected.reply ?? {});
  }
  return seq;
}

function parsed(message: unknown): RoomMessage {
  const result = roomMessageSchema.safeParse(message);
  hold(result.success, `no message of the protocol: ${JSON.stringify(message).slice(0, 500)}`);
  return result.data;
}

function checkRefusal(
  error: Extract<RoomMessage, { type: "error" }>,
  { codes, seq }: Extract<Expected, { kind: "refused" }>,
): number | undefined {
  hold(codes.includes(error.code), `refused with ${error.code} (${error.detail}); expected ${codes.join(" or ")}`);
  same("retryable", error.retryable, wireErrors[error.code].retryable);
  hold(error.seq === undefined || error.seq === seq, `the refusal names seq ${error.seq}; the frame has ${seq}`);
  hold(
    !/\bat \S+ \(|node_modules|\/work\/|file:\/\/|\.[cm]?[jt]s\b|sqlite/i.test(error.detail),
    `tells: ${error.detail}`,
  );
  return error.seq;
}

/** Compares the fields of a reply that are expected; times and what goes on in the background are not. */
function checkAnswer(reply: RoomMessage, expected: Readonly<Record<string, unknown>>): void {
  same(`answer (${JSON.stringify(reply).slice(0, 400)})`, picked(reply, expected), sorted(expected));
}

function picked(found: unknown, pattern: unknown): unknown {
  if (!isRecord(found) || !isRecord(pattern)) return found;
  return Object.fromEntries(
    Object.keys(pattern)
      .sort()
      .map((key) => [key, picked(found[key], pattern[key])]),
  );
}

function sorted(value: unknown): unknown {
  return picked(value, value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
