/**
 * `npm run billing -- reconcile`: whether a tenant's ledger, its sums and D1 say the same. Ends with 0 where all is one, 1 where not, 2 where
 * it can't be known.
 */
import * as z from "zod";
import { readEnvFile } from "./cli/env-file.ts";
import { reconcile } from "./billing/reconcile.ts";
import { askGateway } from "./cli/ask-gateway.ts";
import { defineCommands } from "./cli/define-command.ts";
import { address, gatewayOptions } from "./cli/option-types.ts";

readEnvFile();

const parse = defineCommands({
  name: "npm run billing --",
  description: "Looks after a tenant's ledger.",
  commands: {
    reconcile: {
      description:
        "Adds all entries up again, out of the ledger and out of D1, and names what differs. Ends with 0 where all is one, 1 where not, 2 where it can't be known.",
      options: {
        url: address("http:", "https:").meta({
          value: "<url>",
          description: "where the gateway is",
          default: "http://127.0.0.1:8787",
        }),
        token: gatewayOptions.token,
      },
    },
  },
});

async function main(): Promise<number> {
  const options = parse(process.argv.slice(2));
  if (!options) return 0;
  const { url, token } = options;
  const ask = (path: string): Promise<unknown> =>
    askGateway({
      base: url,
      option: "--url",
      token,
      path: path.slice(1),
      signal: AbortSignal.timeout(60_000),
      answer: z.looseObject({}),
    });
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
  console.error(`npm run billing: ${cause instanceof Error ? cause.message : String(cause)}`);
  process.exitCode = 2;
}
