/** The arguments of `npm run bench:tenants`, checked. Pure. */
import { Command } from "commander";
import { Failure } from "../../../schemas/lib/failure.ts";
import { readOptions } from "../../cli/read-options.ts";
import { type AbuseKind, abuseKinds, allAbuse } from "./abuse-kinds.ts";

export interface TenantsOptions {
  /** Of each of the three phases. */
  readonly seconds: number;
  readonly seed: number;
  readonly kinds: readonly AbuseKind[];
  /** Seconds of audio that each good track sends in a second. */
  readonly perSecond: number;
}

const maxSeconds = 600;
/** Below `maxRealtimeFactor`: a good tenant is never refused for its pace. */
const maxPerSecond = 15;

/** @returns undefined where help was asked for, and printed. @throws Failure naming the argument that is wrong. */
export function parseTenantsOptions(argv: readonly string[]): TenantsOptions | undefined {
  const names = Object.entries(abuseKinds).map(([name, meaning]) => `  ${name.padEnd(12)} ${meaning}`);
  const command = new Command("npm run bench:tenants --")
    .description("What a tenant that abuses the gateway at full speed does to the acks of another one.")
    .option("--seconds <n>", "length of each phase: quiet, abuse, after", "15")
    .option("--per-second <n>", "frames a second of each of the four good tracks", "10")
    .option("--only <kinds>", "kinds of abuse, with commas between; all but burn without it")
    .option("--seed <n>", "what the abuse picks at random", "1")
    .addHelpText("after", `\nKinds of abuse:\n${names.join("\n")}`);
  const raw = readOptions(command, argv);
  if (!raw) return undefined;
  const kinds = raw["only"] === undefined ? allAbuse : raw["only"].split(",").map(kindOf);
  return {
    seconds: numberOf("--seconds", raw["seconds"], 1, maxSeconds),
    perSecond: numberOf("--per-second", raw["perSecond"], 1, maxPerSecond),
    seed: numberOf("--seed", raw["seed"], 0, 2 ** 32 - 1),
    kinds,
  };
}

function kindOf(name: string): AbuseKind {
  if (Object.hasOwn(abuseKinds, name)) return name as AbuseKind;
  throw new Failure(`--only must be of ${Object.keys(abuseKinds).join(", ")}, not "${name}".`);
}

function numberOf(name: string, text = "", min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new Failure(`${name} must be a whole number from ${min} to ${max}, not "${text}".`);
}
