/** What every command on a gateway has: `--url`, and a client with the credential of the environment. */
import { createResultsClient, type ResultsClient } from "@roomtone/client/node";
import type { Command } from "commander";
import { captureDefaults } from "./capture-options.ts";
import { readCredential, tokenProvider } from "./credential.ts";
import type { ResultsCommandsDeps } from "./results-commands.ts";
import { UsageError } from "./usage-error.ts";

export interface ClientMaker {
  readonly command: (name: string, description: string) => Command;
  readonly clientFor: (given: { readonly url: string }) => ResultsClient;
}

export function clientMaker(
  program: Command,
  { env, onCredential }: Pick<ResultsCommandsDeps, "env" | "onCredential">,
): ClientMaker {
  return {
    command: (name, description) =>
      program.command(name).description(description).option("--url <url>", "the gateway", captureDefaults.url),
    clientFor: ({ url }) => {
      const credential = readCredential(undefined, env);
      onCredential(credential !== undefined);
      try {
        return createResultsClient({ baseUrl: url, token: credential && tokenProvider(credential) });
      } catch (cause) {
        throw new UsageError(`--url: ${cause instanceof Error ? cause.message : String(cause)}`);
      }
    },
  };
}
