/** The arguments of `npm run rebuild`, and its run: page after page until all of the bucket was looked at. */
import { defaultTenant } from "../../schemas/names.ts";
import { type RebuildAnswer, rebuildAnswerSchema, type RebuiltSession } from "../../schemas/http/rebuild.ts";
import { askGateway } from "../cli/ask-gateway.ts";
import { defineCommand } from "../cli/define-command.ts";
import { gatewayOptions, sessionId, tenantName } from "../cli/option-types.ts";
import type { CommandRun } from "../cli/run-command.ts";

export const parseRebuildOptions = defineCommand({
  name: "npm run rebuild --",
  description:
    "Brings back from R2 what storage lost: the list of sessions, rooms, what is found in them. Asked again it changes nothing.",
  options: {
    session: sessionId
      .optional()
      .meta({ value: "<id>", description: "one session alone (default: all of the bucket)" }),
    // Without a session all tenants' are looked at.
    tenant: tenantName.meta({
      value: "<tenant>",
      description: "whose session it is",
      default: defaultTenant,
      needs: "session",
    }),
    ...gatewayOptions,
  },
});
type Options = NonNullable<ReturnType<typeof parseRebuildOptions>>;

/** @returns the exit code: 1 where a session failed. */
export async function runRebuild(options: Options, { print, progress, signal }: CommandRun): Promise<number> {
  const counts = new Map<string, number>();
  let isIndexed = true;
  for await (const { sessions, is_indexed } of pages(options, signal)) {
    for (const session of sessions) {
      counts.set(session.outcome, (counts.get(session.outcome) ?? 0) + 1);
      if (session.outcome !== "listed") print(lineOf(session));
    }
    isIndexed &&= is_indexed;
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
    progress.update(total, total, `${total} sessions`);
  }
  print([...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", ") || "The bucket holds no session.");
  if (!isIndexed) print("No app took it: what was said is not found by questions until it does.");
  return counts.has("failed") ? 1 : 0;
}

function lineOf({ tenant, session_id, outcome, lost }: RebuiltSession): string {
  return `${outcome.padEnd(8)} ${tenant}/${session_id}${lost.length === 0 ? "" : `  lost: ${lost.join(", ")}`}`;
}

async function* pages(options: Options, signal: AbortSignal): AsyncGenerator<RebuildAnswer, void, undefined> {
  const { session, tenant } = options;
  let body: object = session === undefined ? {} : { session: { tenant, session_id: session } };
  for (;;) {
    const answer = await ask(options, body, signal);
    yield answer;
    if (answer.next === null) return;
    body = { after: answer.next };
  }
}

function ask({ baseHttp, token }: Options, body: object, signal: AbortSignal): Promise<RebuildAnswer> {
  const to = { base: baseHttp, option: "--base-http", token, path: "admin/sessions/rebuild" };
  return askGateway({ ...to, body, signal, answer: rebuildAnswerSchema });
}
