/** The arguments of a run, read by commander; what is wrong with them becomes one sentence. */
import { type Command, CommanderError } from "commander";
import { Failure } from "../../schemas/lib/failure.ts";

/** As `parseCommand`. @param command each of whose options takes a value. */
export function readOptions(command: Command, argv: readonly string[]): Record<string, string> | undefined {
  return parseCommand(command, argv)?.opts();
}

/**
 * @param argv without the runtime and the script.
 * @returns the command, its options read; undefined where help was asked for, and printed.
 * @throws Failure naming the argument that is wrong.
 */
export function parseCommand(command: Command, argv: readonly string[]): Command | undefined {
  command.exitOverride().configureOutput({ outputError: () => undefined });
  try {
    return command.parse(argv, { from: "user" });
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    if (cause.exitCode === 0) return undefined;
    throw new Failure(`${cause.message.replace(/^error: |\.$/g, "")}; see --help.`);
  }
}
