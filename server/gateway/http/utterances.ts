/** `POST /v1/sessions/:session_id/utterances`: captions. Each is taken or refused by itself (SPEC U3). */
import type { Context } from "hono";
import * as z from "zod";
import { limits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import {
  type PostedUtterance,
  postedUtteranceSchema,
  utteranceListSchema,
  type UtteranceOutcome,
  type UtterancesAnswer,
} from "../../../schemas/speech/utterances.ts";
import { type IssueWords, wordsOf } from "../../shared/http/issue-words.ts";
import { subjectOf } from "../../shared/access/principal.ts";
import type { AppEnv } from "./app-env.ts";
import { bodyOf } from "./guards/parameters.ts";
import { trackRefusal } from "./guards/tracks.ts";
import { problem } from "./problems.ts";
import { roomOf } from "./rooms.ts";

export async function utterancesRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, utteranceListSchema, limits.maxUtterancesBodyBytes);
  if (!body.ok) return problem(c, body.error);
  const read = body.value.utterances.map(readUtterance);
  const posted = read.flatMap((one) => (one.ok ? [one.value] : []));
  const [firstRefused] = read.flatMap((one) => (one.ok ? [] : [one.error]));
  // Nothing is left to be taken: the request as such is wrong.
  if (posted.length === 0 && firstRefused) {
    return problem(c, {
      reason: "bad_body",
      field: `utterances.0.${firstRefused.field}`,
      message: firstRefused.message,
    });
  }
  const refusal = trackRefusal(
    c.var.principal,
    posted.map(({ track }) => track),
  );
  if (refusal) return problem(c, refusal);
  const added = await roomOf(c).call("addUtterances", posted, subjectOf(c.var.principal));
  if (!added.ok) return problem(c, added.error);
  // Nothing of it is kept, and nothing of it can be later.
  if (added.value.utterances.every(isUnlogged)) return problem(c, "log_full");
  const answer = inPlace(read, added.value.utterances);
  return c.json(answer, answer.utterances.every(({ status }) => status !== "refused") ? 200 : 207);
}

function isUnlogged(outcome: UtteranceOutcome): boolean {
  return outcome.status === "refused" && outcome.code === "log_full";
}

interface Refused extends IssueWords {
  readonly utterance_id: string | undefined;
}

function readUtterance(value: unknown): Result<PostedUtterance, Refused> {
  const parsed = postedUtteranceSchema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const { utterance_id } = namedSchema.safeParse(value).data ?? {};
  return err({ utterance_id, ...wordsOf(parsed.error, postedUtteranceSchema, value, "utterance") });
}

/** Enough of an utterance to name it. */
const namedSchema = z.object({ utterance_id: postedUtteranceSchema.shape.utterance_id });

/** The room's outcomes, and between them what never got there. */
function inPlace(
  read: readonly Result<PostedUtterance, Refused>[],
  outcomes: readonly UtteranceOutcome[],
): UtterancesAnswer {
  const fromRoom = outcomes.values();
  return {
    utterances: read.map((one, index) => {
      if (!one.ok) {
        const { utterance_id, field, message } = one.error;
        const detail = `${field}: ${message}${message.endsWith("?") ? "" : "."}`;
        return { index, utterance_id, status: "refused", code: "bad_request", detail };
      }
      const { value: outcome } = fromRoom.next();
      if (!outcome) throw new Error("the room answered for fewer utterances than it was given");
      return { index, ...outcome };
    }),
  };
}
