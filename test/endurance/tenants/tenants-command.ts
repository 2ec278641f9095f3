/** The arguments of `npm run bench:tenants`. Pure. */
import * as z from "zod";
import { defineCommand } from "../../../scripts/cli/define-command.ts";
import { seed, wholeNumber } from "../../../scripts/cli/option-types.ts";
import { type AbuseKind, abuseKinds, allAbuse } from "./abuse-kinds.ts";

/** Below `maxRealtimeFactor`: a good tenant is never refused for its pace. */
const maxPerSecond = 15;

const isKind = (name: string): name is AbuseKind => Object.hasOwn(abuseKinds, name);
const kinds: z.ZodType<readonly AbuseKind[]> = z
  .string()
  .transform((text) => text.split(","))
  .refine((names) => names.every(isKind), `must be of ${Object.keys(abuseKinds).join(", ")}`)
  .transform((names) => names.filter(isKind));
const meanings = Object.entries(abuseKinds).map(([name, meaning]) => `  ${name.padEnd(12)} ${meaning}`);

export const parseTenantsOptions = defineCommand({
  name: "npm run bench:tenants --",
  description: "What a tenant that abuses the gateway at full speed does to the acks of another one.",
  after: `Kinds of abuse:\n${meanings.join("\n")}`,
  options: {
    seconds: wholeNumber(1, 600).meta({
      value: "<n>",
      description: "length of each phase: quiet, abuse, after",
      default: "15",
    }),
    perSecond: wholeNumber(1, maxPerSecond).meta({
      value: "<n>",
      description: "frames a second of each of the four good tracks",
      default: "10",
    }),
    only: kinds.meta({
      value: "<kinds>",
      description: "kinds of abuse, with commas between",
      default: allAbuse.join(","),
    }),
    seed: seed.meta({ value: "<n>", description: "what the abuse picks at random", default: "1" }),
  },
});

export type TenantsOptions = NonNullable<ReturnType<typeof parseTenantsOptions>>;
