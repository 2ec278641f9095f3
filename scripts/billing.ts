/**
 * `npm run billing -- reconcile [--url http://127.0.0.1:8787]`: whether a tenant's ledger, its sums and D1 say the same. `ROOMTONE_API_KEY` is a
 * key of the tenant with the scope `admin`; a gateway that asks nobody needs none. Ends with 0 where all is one, 1 where not, 2 where it can't be known.
 */
import { readEnvFile } from "./cli/env-file.ts";
import { parseArgs } from "node:util";
import { reconcile } from "./billing/reconcile.ts";

readEnvFile();

const usage = "npm run billing -- reconcile [--url URL]   (ROOMTONE_API_KEY: a key with the scope admin)";

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { url: { type: "string", default: "http://127.0.0.1:8787" } },
  });
  if (positionals.join(" ") !== "reconcile") {
    console.error(usage);
    return 2;
  }
  const key = process.env["ROOMTONE_API_KEY"];
  const ask = async (path: string): Promise<unknown> => {
    const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const answer = await fetch(new URL(path, values.url), { headers, signal: AbortSignal.timeout(60_000) });
    if (!answer.ok) throw new Error(`GET ${path} was answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  const { entries, pending, chargedUsd, differences } = await reconcile(ask);
  for (const { eventId, what } of differences) console.error(eventId === undefined ? what : `${eventId}: ${what}`);
  console.log(
    `${entries} entries, $${chargedUsd} charged, ${pending} not in D1 yet, ${differences.length} differences`,
  );
  return differences.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (cause) {
  console.error(cause instanceof Error ? cause.message : String(cause));
  process.exitCode = 2;
}
