/** Values of options: text in, what it means out, and a message that says what is allowed. Pure. */
import { isIP } from "node:net";
import * as z from "zod";
import { sessionIdSchema, tenantSchema, trackNameSchema } from "../../schemas/names.ts";

/** A whole number, both ends included. */
export function wholeNumber(min: number, max: number): z.ZodType<number> {
  const rule = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d+$/, rule)
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule);
}

/** A number, both ends included. */
export function decimal(min: number, max = Number.POSITIVE_INFINITY): z.ZodType<number> {
  const rule =
    max === Number.POSITIVE_INFINITY ? `must be a number from ${min}` : `must be a number from ${min} to ${max}`;
  return z
    .string()
    .refine((text) => text.trim() !== "" && Number.isFinite(Number(text)), rule)
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule);
}

const highestPort = 65_535;
/** A port number, 0 for any free one. */
export const port: z.ZodType<number> = z
  .string()
  .refine((text) => /^\d+$/.test(text) && Number(text) <= highestPort, "must be a port number")
  .transform(Number);

/** Where a local gateway serves. */
export const servingPort = port.meta({
  value: "<port>",
  description: "port to serve on, 0 for any free one",
  env: "PORT",
  default: "8787",
});

/** Which address of this machine it serves on. */
export const servingHost = z
  .string()
  .refine((text) => isIP(text) !== 0, "must be an IP address of this machine, or 0.0.0.0 for all of them")
  .meta({
    value: "<address>",
    description: "address to serve on; other ones than this machine's own need AUTH_MODE=required",
    env: "HOST",
    default: "127.0.0.1",
  });

/** Of a random run: the same seed does the same again. */
export const seed = wholeNumber(0, 2 ** 31 - 1);

export function oneOf<const Choice extends string>(...choices: readonly Choice[]): z.ZodType<Choice> {
  return z.enum(choices, `must be ${choices.join(" or ")}`);
}

/** An address that paths can be resolved against: it ends with a slash. */
export function address(...schemes: readonly string[]): z.ZodType<URL> {
  const wanted = schemes.map((scheme) => `${scheme}//`).join(" or ");
  return z.string().transform((text, context) => {
    const url = URL.parse(text);
    if (!url || !schemes.includes(url.protocol) || url.username || url.password || url.search || url.hash) {
      context.addIssue(`must be an address that starts with ${wanted} and has no credentials or query`);
      return z.NEVER;
    }
    if (!url.pathname.endsWith("/")) url.pathname += "/";
    return url;
  });
}

/** A date with its time, to the minute at least; one that names no time zone is of this machine's zone. */
const dateAndTime = z.union([
  z.iso.datetime({ local: true, offset: true }),
  z.iso.datetime({ local: true, offset: true, precision: -1 }),
]);

/** A time of today by this machine's clock, or a date with its time. Out: ms since 1970. */
export const moment: z.ZodType<number> = z.string().transform((text, context) => {
  const [, hours, minutes, seconds = "0"] = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text) ?? [];
  if (hours !== undefined) return new Date().setHours(Number(hours), Number(minutes), Number(seconds), 0);
  // What Date.parse makes of other texts is a guess: "3" is a day of 2001, and the 30th of February one of March.
  if (dateAndTime.safeParse(text).success) return Date.parse(text);
  context.addIssue("must be a time of today (10:04) or an ISO date with its time (2026-11-30T10:04)");
  return z.NEVER;
});

/** A flag: true where it is given. */
export const flag = z
  .boolean()
  .optional()
  .transform((given) => given ?? false);

/** A schema of the contract, with a sentence instead of its pattern. */
export function checked(schema: z.ZodType<string>, rule: string): z.ZodType<string> {
  return z.string().refine((text) => schema.safeParse(text).success, rule);
}

const start = "starting with a letter or digit";
export const sessionId = checked(sessionIdSchema, `takes A-Z, a-z, 0-9, . _ ~ and -, at most 128 characters, ${start}`);
export const trackName = checked(trackNameSchema, `takes a-z, 0-9, _ and -, at most 32 characters, ${start}`);
export const tenantName = checked(tenantSchema, "takes a-z, 0-9 and -, at most 63 characters");

/** Where a local gateway keeps audio and state. */
export const stateDir = z.string().meta({
  value: "<folder>",
  description: "where the gateway's audio and state are",
  env: "STATE_DIR",
  default: ".wrangler/state",
});

/** Which installation's database a command works on: that of a deployment, or of the local gateway in STATE_DIR. */
export const databaseOptions = {
  remote: flag.meta({ description: "use the deployed database, through wrangler and the account it is logged in to" }),
  env: oneOf("production", "staging", "development").meta({
    value: "<environment>",
    description: "whose database, with --remote",
    default: "production",
    needs: "remote",
  }),
  stateDir: stateDir.meta({ ...stateDir.meta(), without: ["remote"] }),
};

/** Which gateway a command asks, and as whom. */
export const gatewayOptions = {
  baseHttp: address("http:", "https:").meta({
    value: "<url>",
    description: "where the gateway is",
    default: "http://127.0.0.1:8787",
  }),
  token: z.string().optional().meta({
    value: "<key>",
    description: "an API key with the scope admin",
    env: "ROOMTONE_API_KEY",
    isSecret: true,
  }),
};
