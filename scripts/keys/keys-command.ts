/** The arguments of `npm run keys`. Pure. No message repeats a value: it may be a key. */
import * as z from "zod";
import { keyIdSchema, type Scope, scopeSchema } from "../../schemas/access.ts";
import { defineCommands } from "../cli/define-command.ts";
import { checked, databaseOptions, decimal, flag, tenantName, wholeNumber } from "../cli/option-types.ts";

const maxDays = 3_650;
const maxGraceHours = 8_760;
const scopeNames = scopeSchema.options.join(", ");

/** What people read of a name should be what is there: no control characters, nothing that turns text around. */
const printable = /^[^\p{C}\p{Zl}\p{Zp}]{1,64}$/u;
const keyName = z
  .string()
  .refine(
    (text) => printable.test(text) && text.trim() === text,
    "takes 1 to 64 printable characters, without spaces around them",
  );

/** Each once, in the order of the contract. */
const scopes: z.ZodType<readonly Scope[]> = z
  .string()
  .transform((text) => text.split(","))
  .refine(
    (given) => given.every((scope) => scopeSchema.safeParse(scope).success),
    `takes ${scopeNames}, with commas between`,
  )
  .transform((given) => scopeSchema.options.filter((scope) => given.includes(scope)));

const keyId = checked(
  keyIdSchema,
  "must be the 12 characters of a-z and 0-9 that `list` shows: a key's id is not the key itself",
);
const tenant = tenantName.meta({
  value: "<tenant>",
  description: "whose key it is; an installation for one has the tenant `default`",
  isSecret: true,
});
const id = keyId.meta({ description: "of the key", isSecret: true });

export const parseKeysOptions = defineCommands({
  name: "npm run -s keys --",
  description: "API keys of backends: makes, lists, rotates and revokes them.",
  after: `A new key is printed once, alone, to stdout; only its hash is kept. Without --remote the keys are those of the local
gateway in STATE_DIR (default .wrangler/state), which may be running.

tokens:mint makes session tokens for what the key may do itself: to stream always; to see a session with sessions:read; to
correct one with sessions:read and sessions:write.

  KEY=$(npm run -s keys -- create --tenant default --name backend --scope sessions:write,sessions:read)`,
  commands: {
    create: {
      description: "Make a key and print it, once.",
      options: {
        ...databaseOptions,
        tenant,
        name: keyName.meta({ value: "<name>", description: "what people call it", isSecret: true }),
        scope: scopes.meta({
          value: "<scopes>",
          description: `what it may do, with commas between: ${scopeNames}`,
          isSecret: true,
        }),
        expiresInDays: wholeNumber(1, maxDays).optional().meta({
          value: "<days>",
          description: "until then it is good (default: until it is revoked)",
          isSecret: true,
        }),
      },
    },
    list: {
      description: "List keys, never their secrets.",
      options: {
        ...databaseOptions,
        tenant: tenantName.optional().meta({ value: "<tenant>", description: "those of one tenant", isSecret: true }),
        json: flag.meta({ description: "as JSON" }),
      },
    },
    rotate: {
      description: "Make a key with the tenant, name, scopes and lifetime of another, which expires soon after.",
      operands: { id },
      options: {
        ...databaseOptions,
        scope: scopes.optional().meta({
          value: "<scopes>",
          description: "what the new key may do (default: as the old one)",
          isSecret: true,
        }),
        graceHours: decimal(0, maxGraceHours).meta({
          value: "<hours>",
          description: "how long the old key is still good; 0: no longer",
          default: "24",
          isSecret: true,
        }),
      },
    },
    "webhook-secret": {
      description: "Print the secrets that sign a tenant's webhooks, made from WEBHOOK_SECRET of the environment.",
      options: { tenant },
    },
    revoke: { description: "Refuse a key from now on.", operands: { id }, options: databaseOptions },
  },
});

type AllOptions = NonNullable<ReturnType<typeof parseKeysOptions>>;
/** Of the commands that need the database. */
export type KeysOptions = Exclude<AllOptions, { command: "webhook-secret" }>;
