/** `npm run trace -- SESSION [--at TIME]`: what happened to a meeting, a line for each piece of work. */
import { traceAnswerSchema } from "../schemas/http/telemetry.ts";
import { askGateway } from "./cli/ask-gateway.ts";
import { decimal, gatewayOptions, moment, sessionId } from "./cli/option-types.ts";
import { defineCommand } from "./cli/define-command.ts";
import { runCommand } from "./cli/run-command.ts";
import { readableFields } from "./local/readable-log.ts";

const command = defineCommand({
  name: "npm run trace --",
  description: "Prints what happened to a meeting around a time: requests, connections, resolves, webhooks, failures.",
  operands: { session: sessionId.meta({ description: "the session's id" }) },
  options: {
    at: moment
      .optional()
      .meta({ value: "<time>", description: "10:04 of today, or an ISO date; the last hour without" }),
    minutes: decimal(1, 1_440).meta({
      value: "<n>",
      description: "with --at, how many before and after",
      default: "5",
      needs: "at",
    }),
    ...gatewayOptions,
  },
});

await runCommand(command, async ({ session, at, minutes, baseHttp, token }, { print, signal }) => {
  const around = new URLSearchParams();
  if (at !== undefined) {
    around.set("at", new Date(at).toISOString());
    around.set("minutes", String(minutes));
  }
  const path = `v1/sessions/${encodeURIComponent(session)}/trace?${around.toString()}`;
  const question = { base: baseHttp, option: "--base-http", token, path, signal, answer: traceAnswerSchema };
  const { from, to, lines, is_cut } = await askGateway(question);
  print(`${session}, ${from} to ${to}: ${lines.length === 0 ? "nothing is known" : `${lines.length} lines`}`);
  for (const { at: time, level, event, tenant: _, session_id: __, ...fields } of lines) {
    print(`${time.slice(11, 23)} ${level.padEnd(5)} ${[event, ...readableFields(fields)].join(" ")}`);
  }
  if (is_cut) print("There is more: ask for fewer minutes.");
});
