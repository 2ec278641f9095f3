/** `GET /v1/billing/entries`, for who runs a tenant. */
import type { Context } from "hono";
import { entriesQuerySchema } from "../../../../schemas/http/billing-entries.ts";
import { wordsOf } from "../../../shared/http/issue-words.ts";
import type { AppEnv } from "../app-env.ts";
import { refusalWith } from "../speech/refusals.ts";
import { later, refuse, withLedger } from "./of-ledger.ts";

export async function entriesRoute(c: Context<AppEnv>): Promise<Response> {
  const query = c.req.query();
  const asked = entriesQuerySchema.safeParse(query);
  if (!asked.success) {
    const { field, message } = wordsOf(asked.error, entriesQuerySchema, query, "query");
    return refuse(c, refusalWith(400, `${field}: ${message}.`));
  }
  const { after, limit } = asked.data;
  return withLedger(c, async (ledger) => {
    const page = await ledger.entries(after, limit);
    return page ? Response.json(page) : later(c, "index_unavailable", "D1 does not answer. Try again.");
  });
}
