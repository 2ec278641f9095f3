/** `GET /v1/sessions/:id/trace`: the tenant's own lines of a meeting (SPEC Z7). */
import type { Context } from "hono";
import { type TraceAnswer, traceQuerySchema } from "../../../../schemas/http/telemetry.ts";
import type { TelemetryLine } from "../../../../schemas/telemetry.ts";
import { wordsOf } from "../../../shared/http/issue-words.ts";
import type { AppEnv } from "../app-env.ts";
import { refuse } from "../billing/of-ledger.ts";
import { callerOf } from "../of-session.ts";
import { refusalWith } from "../speech/refusals.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

type DatedLine = TraceAnswer["lines"][number];

/** The same fields, with the time in words. */
function dated({ at, ...fields }: TelemetryLine): DatedLine {
  return { ...(fields as Omit<DatedLine, "at">), at: new Date(at).toISOString() } as DatedLine;
}

export async function traceRoute(c: Context<AppEnv>): Promise<Response> {
  const query = c.req.query();
  const asked = traceQuerySchema.safeParse(query);
  if (!asked.success) {
    const { field, message } = wordsOf(asked.error, traceQuerySchema, query, "query");
    return refuse(c, refusalWith(400, `${field}: ${message}.`));
  }
  const { session } = callerOf(c);
  const { at, minutes } = asked.data;
  const now = Date.now();
  const from = at === undefined ? now - hourMs : Date.parse(at) - minutes * minuteMs;
  const to = at === undefined ? now : Date.parse(at) + minutes * minuteMs;
  const log = c.env.TRACE_LOG.getByName(session.tenant);
  const { lines, isCut } = await log.read({ sessionId: session.session_id, from, to });
  const answer: TraceAnswer = {
    session_id: session.session_id,
    from: new Date(from).toISOString(),
    to: new Date(to).toISOString(),
    lines: lines.map(dated),
    is_cut: isCut,
  };
  return c.json(answer, 200, { "cache-control": "no-store" });
}
