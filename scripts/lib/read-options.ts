/** The arguments of a run, read by commander; what is wrong with them becomes one sentence. */
import { type Command, CommanderError } from "commander";
import { Failure } from "./failure.ts";

/**
 * @param command each of whose options takes a value.
 * @param argv without the runtime and the script.
 * @returns undefined where help was asked for, and printed.
 * @throws Failure naming the argument that is wrong.
 */
export function readOptions(command: Command, argv: readonly string[]): Record<string, string> | undefined {
  command.exitOverride().configureOutput({ outputError: () => undefined });
  try {
    return command.parse(argv, { from: "user" }).opts();
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    if (cause.exitCode === 0) return undefined;
    throw new Failure(`${cause.message.replace(/^error: |\.$/g, "")}; see --help.`);
  }
}
