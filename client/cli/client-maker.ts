/** What every command on a gateway has: `--url`, and a client with the credential of the environment. */
import { createResultsClient, type ResultsClient, type Wait } from "@roomtone/client/node";
import type { Command } from "commander";
import { captureDefaults } from "./capture-options.ts";
import { readCredential, tokenProvider } from "./credential.ts";
import type { ResultsCommandsDeps } from "./results-commands.ts";
import { plain } from "./plain.ts";
import { UsageError } from "./usage-error.ts";

export interface ClientMaker {
  readonly command: (name: string, description: string) => Command;
  readonly clientFor: (given: { readonly url: string }) => ResultsClient;
}

/** A wait that one notices, and each further one, is said where a terminal and a log have it (V1): on stderr. */
export function waitNotice(warn: (line: string) => void): (wait: Wait) => void {
  return ({ why, delayMs, attempt }) => {
    if (attempt > 1 || delayMs >= noticedMs) warn(plain(`Waits ${Math.ceil(delayMs / 1_000)} s: ${why}`));
  };
}
const noticedMs = 2_000;

export function clientMaker(
  program: Command,
  { env, onGateway, warn }: Pick<ResultsCommandsDeps, "env" | "onGateway" | "warn">,
): ClientMaker {
  return {
    command: (name, description) =>
      program.command(name).description(description).option("--url <url>", "the gateway", captureDefaults.url),
    clientFor: ({ url }) => {
      const credential = readCredential(undefined, env);
      onGateway({ url, hasCredential: credential !== undefined });
      try {
        return createResultsClient({
          baseUrl: url,
          token: credential && tokenProvider(credential),
          onWait: waitNotice(warn),
        });
      } catch (cause) {
        throw new UsageError(`--url: ${cause instanceof Error ? cause.message : String(cause)}`);
      }
    },
  };
}
