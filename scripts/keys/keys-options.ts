/** The arguments of `npm run keys`, checked. Pure, but for the help it prints. No sentence here repeats a value. */
import { Command, CommanderError } from "commander";
import * as z from "zod";
import { keyIdSchema, type Scope, scopeSchema } from "../../schemas/access.ts";
import { tenantSchema } from "../../schemas/names.ts";
import { Failure } from "../../schemas/lib/failure.ts";

export type KeysRequest =
  | {
      readonly kind: "create";
      readonly tenant: string;
      readonly name: string;
      readonly scopes: readonly Scope[];
      /** undefined: until it is revoked. */
      readonly lifetimeMs: number | undefined;
    }
  | { readonly kind: "list"; readonly tenant: string | undefined; readonly json: boolean }
  | { readonly kind: "rotate"; readonly keyId: string; readonly graceMs: number }
  | { readonly kind: "revoke"; readonly keyId: string };

export interface KeysOptions {
  readonly request: KeysRequest;
  /** The deployed database instead of the one of `stateDir`. */
  readonly remote: boolean;
  readonly stateDir: string;
}

const hourMs = 3_600_000;
const maxDays = 3_650;
const maxGraceHours = 8_760;

/** What people read of a name should be what is there: no control characters, nothing that turns text around. */
const printable = /^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u;

const scopesSchema = z
  .string()
  .transform((text) => text.split(","))
  .refine(
    (given) => given.every((scope) => scopeSchema.safeParse(scope).success),
    `--scope takes ${scopeSchema.options.join(", ")}, with commas between.`,
  )
  // Each once, whatever order they were given in.
  .transform((given) => scopeSchema.options.filter((scope) => given.includes(scope)));

const tenantOption = checked(tenantSchema, "--tenant takes a-z, 0-9 and -, at most 63 characters.");
const keyIdArgument = checked(
  keyIdSchema,
  "A key's id is 12 characters of a-z and 0-9, as `list` shows it; it is not the key itself.",
);

const createSchema = z.object({
  tenant: tenantOption,
  name: z
    .string()
    .refine(
      (text) => printable.test(text) && text.trim() === text,
      "--name takes 1 to 64 printable characters, without spaces around them.",
    ),
  scope: scopesSchema,
  expiresInDays: numberBetween(
    /^\d+$/,
    1,
    maxDays,
    `--expires-in-days takes a whole number from 1 to ${maxDays}.`,
  ).optional(),
});
const listSchema = z.object({ tenant: tenantOption.optional(), json: z.boolean().default(false) });
const graceSchema = numberBetween(
  /^\d+(\.\d+)?$/,
  0,
  maxGraceHours,
  `--grace-hours takes a number from 0 to ${maxGraceHours}.`,
);

/** A name of the protocol, with a sentence instead of its pattern. */
function checked(schema: z.ZodType<string>, sentence: string): z.ZodType<string> {
  return z.string().refine((value) => schema.safeParse(value).success, sentence);
}

function numberBetween(form: RegExp, min: number, max: number, sentence: string): z.ZodType<number> {
  return z
    .string()
    .regex(form, sentence)
    .transform(Number)
    .refine((value) => value >= min && value <= max, sentence);
}

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const answer = schema.safeParse(value);
  if (answer.success) return answer.data;
  throw new Failure(answer.error.issues[0]?.message ?? "The options are not right; see --help.");
}

/**
 * @param argv without the runtime and the script.
 * @returns undefined where help was asked for, and printed.
 * @throws Failure naming the argument that is wrong.
 */
export function parseKeysOptions(argv: readonly string[], env: NodeJS.ProcessEnv): KeysOptions | undefined {
  let remote = false;
  let request: KeysRequest | undefined;
  const program = new Command("npm run -s keys --")
    .description("API keys of backends: makes, lists, rotates and revokes them.")
    .exitOverride()
    .configureOutput({ outputError: () => undefined, writeErr: () => undefined })
    .addHelpText(
      "after",
      `
A new key is printed once, alone, to stdout; only its hash is kept. Without --remote the keys are those of the local
gateway in STATE_DIR (default .wrangler/state), which may be running.

  KEY=$(npm run -s keys -- create --tenant default --name backend --scope sessions:write,sessions:read)`,
    );
  const subcommand = (usage: string, description: string): Command =>
    program
      .command(usage)
      .description(description)
      .option("--remote", "use the deployed database, through wrangler and the account it is logged in to");
  const take = (options: { remote?: boolean }, wanted: KeysRequest): void => {
    remote = options.remote ?? false;
    request = wanted;
  };

  subcommand("create", "Make a key and print it, once.")
    .requiredOption("--tenant <tenant>", "whose key it is; an installation for one has the tenant `default`")
    .requiredOption("--name <name>", "what people call it")
    .requiredOption("--scope <scopes>", `what it may do, with commas between: ${scopeSchema.options.join(", ")}`)
    .option("--expires-in-days <days>", "until then it is good (default: until it is revoked)")
    .action((raw: { remote?: boolean }) => {
      const { scope: scopes, expiresInDays: days, ...key } = parsed(createSchema, raw);
      take(raw, { kind: "create", ...key, scopes, lifetimeMs: days === undefined ? undefined : days * 24 * hourMs });
    });
  subcommand("list", "List keys, never their secrets.")
    .option("--tenant <tenant>", "those of one tenant")
    .option("--json", "as JSON")
    .action((raw: { remote?: boolean }) => {
      const { tenant, json } = parsed(listSchema, raw);
      take(raw, { kind: "list", tenant, json });
    });
  subcommand(
    "rotate <id>",
    "Make a key with the tenant, name, scopes and lifetime of another, which expires soon after.",
  )
    .option("--grace-hours <hours>", "how long the old key is still good; 0: no longer", "24")
    .action((id: string, raw: { remote?: boolean; graceHours: string }) => {
      const keyId = parsed(keyIdArgument, id);
      take(raw, { kind: "rotate", keyId, graceMs: Math.round(parsed(graceSchema, raw.graceHours) * hourMs) });
    });
  subcommand("revoke <id>", "Refuse a key from now on.").action((id: string, raw: { remote?: boolean }) => {
    take(raw, { kind: "revoke", keyId: parsed(keyIdArgument, id) });
  });

  try {
    program.parse(argv, { from: "user" });
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    if (cause.exitCode === 0) return undefined;
    // What it calls its own help where there was no command at all.
    if (cause.code === "commander.help") throw new Failure("Say create, list, rotate or revoke; see --help.");
    throw new Failure(`${cause.message.replace(/^error: |\.$/g, "")}; see --help.`);
  }
  return request && { request, remote, stateDir: env["STATE_DIR"] || ".wrangler/state" };
}
