/**
 * Commands of `npm run`, each defined once: its name, and a zod shape of its options. `--help`, defaults, and a sentence for
 * every wrong value follow from the shape. A schema gets text (a list of texts where its value ends in `...`, true for a
 * flag), and its message says what is allowed: "must be a whole number from 1 to 9".
 */
import { styleText } from "node:util";
import { Command, CommanderError, Option } from "commander";
import type * as z from "zod";
import { Failure } from "../../schemas/lib/failure.ts";

/** What `.meta()` of an option's schema holds besides `description`. */
export interface OptionMeta {
  /** Stands for the value in `--help`: `<n>`, `<folders...>`. Without it the option is a flag. */
  readonly value?: string;
  /** The text that is parsed where none is given. */
  readonly default?: string | readonly string[];
  /** An environment variable that is read where the option is not given. */
  readonly env?: string;
  /** No message repeats the value. */
  readonly isSecret?: boolean;
  /** The option that this one says something of: given without it, it would do nothing, and is refused. */
  readonly needs?: string;
  /** Options beside which this one would do nothing. */
  readonly without?: readonly string[];
}

export interface CommandSpec<Options extends z.ZodRawShape, Operands extends z.ZodRawShape> {
  readonly description: string;
  readonly options?: Options;
  /** Arguments without a name, in order; `value` of one may be `<many...>` or `[optional]`. */
  readonly operands?: Operands;
  /** Printed below the options in `--help`. */
  readonly after?: string;
}

type Parsed<Options extends z.ZodRawShape, Operands extends z.ZodRawShape> = z.output<z.ZodObject<Options & Operands>>;

/** Parses arguments. `argv` is without the runtime and the script; undefined where help was asked for, and printed. */
export type Parse<T> = (argv: readonly string[], env?: Readonly<Record<string, string | undefined>>) => T | undefined;

/** @throws Failure naming the first argument that is wrong. */
export function defineCommand<Options extends z.ZodRawShape = {}, Operands extends z.ZodRawShape = {}>(
  spec: CommandSpec<Options, Operands> & { readonly name: string },
): Parse<Parsed<Options, Operands>> {
  return (argv, env = process.env) => {
    const command = configured(new Command(spec.name), spec);
    return read(command, argv) ? parsed(spec, command, env) : undefined;
  };
}

type Specs = Readonly<Record<string, CommandSpec<z.ZodRawShape, z.ZodRawShape>>>;
type ShapeOf<Spec, Key extends "options" | "operands"> =
  Spec extends Readonly<Record<Key, infer Shape extends z.ZodRawShape>> ? Shape : {};
type OneOf<Commands extends Specs> = {
  [Name in keyof Commands]: { readonly command: Name } & Parsed<
    ShapeOf<Commands[Name], "options">,
    ShapeOf<Commands[Name], "operands">
  >;
}[keyof Commands];

/** A command of several: `npm run keys -- create …`. Its answer says which in `command`. */
export function defineCommands<Commands extends Specs>(spec: {
  readonly name: string;
  readonly description: string;
  readonly after?: string;
  readonly commands: Commands;
}): Parse<OneOf<Commands>> {
  return (argv, env = process.env) => {
    const program = configured(new Command(spec.name), spec);
    let answer: unknown;
    for (const [name, each] of Object.entries(spec.commands)) {
      const command = configured(program.command(name), each);
      command.action(() => {
        answer = { command: name, ...parsed(each, command, env) };
      });
    }
    if (!read(program, argv)) return undefined;
    return answer as OneOf<Commands>;
  };
}

function configured(command: Command, spec: CommandSpec<z.ZodRawShape, z.ZodRawShape>): Command {
  const { description, options = {}, operands = {}, after } = spec;
  command.description(description).exitOverride();
  // Without a command commander prints its help as an error; the Failure says enough.
  command.configureOutput({ outputError: () => undefined, writeErr: () => undefined });
  // commander takes colour away where the output is no terminal.
  command.configureHelp({ styleTitle: (text) => styleText("bold", text, { validateStream: false }) });
  for (const [name, schema] of Object.entries(operands)) {
    const { value = `<${name}>`, text } = metaOf(schema);
    command.argument(value, text);
  }
  for (const [key, schema] of Object.entries(options)) {
    const { value, text, isRequired } = metaOf(schema);
    const option = new Option(value === undefined ? flagOf(key) : `${flagOf(key)} ${value}`, text);
    command.addOption(option.makeOptionMandatory(isRequired));
  }
  return after === undefined ? command : command.addHelpText("after", `\n${after}`);
}

/** @returns false where help was asked for. */
function read(command: Command, argv: readonly string[]): boolean {
  try {
    command.parse(argv, { from: "user" });
    return true;
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    if (cause.exitCode === 0) return false;
    // What commander calls its own help where no command was given.
    const names = command.commands.map((each) => each.name());
    const said = cause.code === "commander.help" ? `say ${names.join(" or ")}` : cause.message;
    // A mistyped one is named, and not the one that is lacking because of it.
    const isLacking = cause.code === "commander.missingMandatoryOptionValue" && names.length === 0;
    const unknown = isLacking ? command.args.find((each) => each.startsWith("--")) : undefined;
    if (unknown !== undefined) throw new Failure(`unknown option '${unknown}'; see --help.`);
    throw new Failure(`${said.replace(/^error: |\.$/g, "")}; see --help.`);
  }
}

/** As commander has it. */
type Given = string | readonly string[] | boolean | undefined;

function parsed<Options extends z.ZodRawShape, Operands extends z.ZodRawShape>(
  { options, operands }: CommandSpec<Options, Operands>,
  command: Command,
  env: Readonly<Record<string, string | undefined>>,
): Parsed<Options, Operands> {
  const given: Readonly<Record<string, Given>> = command.opts();
  const values: Record<string, unknown> = {};
  for (const [index, [name, schema]] of Object.entries(operands ?? {}).entries())
    values[name] = valueOf(schema, `<${name}>`, command.processedArgs[index] as Given, env);
  for (const [key, schema] of Object.entries(options ?? {}))
    values[key] = valueOf(schema, flagOf(key), given[attributeOf(key)], env);
  const isGiven = (key: string): boolean => given[attributeOf(key)] !== undefined;
  for (const [key, schema] of Object.entries(options ?? {})) {
    const { needs, without = [] } = metaOf(schema);
    if (!isGiven(key)) continue;
    if (needs !== undefined && !isGiven(needs))
      throw new Failure(`${flagOf(key)} does nothing without ${flagOf(needs)}; see --help.`);
    const other = without.find(isGiven);
    if (other !== undefined) throw new Failure(`${flagOf(key)} does nothing beside ${flagOf(other)}; see --help.`);
  }
  return values as Parsed<Options, Operands>;
}

function valueOf(
  schema: z.core.$ZodType,
  name: string,
  given: Given,
  env: Readonly<Record<string, string | undefined>>,
): unknown {
  const { env: variable, default: fallback, isSecret } = metaOf(schema);
  const fromEnv = variable === undefined ? undefined : env[variable] || undefined;
  const value = given ?? fromEnv ?? fallback;
  const answer = (schema as z.ZodType).safeParse(value);
  if (answer.success) return answer.data;
  const source = given === undefined && fromEnv !== undefined ? (variable ?? name) : name;
  const told = isSecret === true ? "" : `, not "${String(value)}"`;
  throw new Failure(`${source} ${answer.error.issues[0]?.message ?? "is wrong"}${told}.`);
}

function metaOf(of: z.core.$ZodType): OptionMeta & { readonly text: string; readonly isRequired: boolean } {
  const schema = of as z.ZodType;
  const meta: OptionMeta & { readonly description?: string | undefined } = schema.meta() ?? {};
  const { description = "", default: fallback, env } = meta;
  const otherwise = [env, fallback === undefined ? undefined : String(fallback)].filter((each) => each !== undefined);
  const text = otherwise.length === 0 ? description : `${description} (default: ${otherwise.join(", else ")})`;
  return { ...meta, text, isRequired: otherwise.length === 0 && !schema.safeParse(undefined).success };
}

/** `baseHttp` is `--base-http`; so is `base_http`. */
function flagOf(key: string): string {
  return `--${key.replaceAll("_", "-").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What commander calls the option. */
function attributeOf(key: string): string {
  return key.replaceAll(/_(\w)/g, (_all, letter: string) => letter.toUpperCase());
}
