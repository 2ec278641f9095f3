/** What `roomtone` shows the gateway: from the environment, so that it is in no process list, or from a command. */
import { apiKeySchema } from "../../schemas/access.ts";
import { tokenFromCommand } from "./token-command.ts";
import { tokenFault } from "./token-fault.ts";
import { UsageError } from "./usage-error.ts";

export type Credential =
  /** An API key, or a session token. */
  | { readonly kind: "fixed"; readonly text: string }
  /** Its output is a fresh session token. */
  | { readonly kind: "command"; readonly command: string };

/**
 * What can never be a credential is refused here: the gateway would refuse it at every attempt.
 *
 * @param command of `--token-command`. @throws UsageError, which quotes nothing.
 */
export function readCredential(command: string | undefined, env: NodeJS.ProcessEnv): Credential | undefined {
  const key = env["ROOMTONE_API_KEY"] || undefined;
  const token = env["ROOMTONE_TOKEN"] || undefined;
  if ([command, key, token].filter((given) => given !== undefined).length > 1)
    throw new UsageError("Give one of ROOMTONE_API_KEY, ROOMTONE_TOKEN and --token-command (see --help).");
  if (key !== undefined && !apiKeySchema.safeParse(key).success)
    throw new UsageError(
      "ROOMTONE_API_KEY is no API key: rt_, 12 characters, _ and 43 more. Tokens go in ROOMTONE_TOKEN.",
    );
  const fault = token === undefined ? undefined : tokenFault(token);
  if (fault !== undefined) throw new UsageError(`ROOMTONE_TOKEN ${fault}.`);
  const text = key ?? token;
  if (text !== undefined) return { kind: "fixed", text };
  return command === undefined ? undefined : { kind: "command", command };
}

/** What is asked before every connection. */
export function tokenProvider(credential: Credential): () => string | Promise<string> {
  return credential.kind === "fixed" ? () => credential.text : () => tokenFromCommand(credential.command);
}
