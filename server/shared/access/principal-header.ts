/**
 * Who asks, as the gateway passes it to the app: a header on a request through the binding. The gateway strips what a client
 * sends under this name, and the app has no other way in, so that nobody but the gateway can have set it.
 */
import * as z from "zod";
import { roleSchema, scopeSchema } from "../../../schemas/access.ts";
import { sessionIdSchema, tenantSchema, trackNameSchema } from "../../../schemas/names.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import type { Principal } from "./principal.ts";

/** Headers that only the gateway sets begin so. */
export const gatewayHeaderPrefix = "x-roomtone-";
export const principalHeader = `${gatewayHeaderPrefix}principal`;

const tenant = tenantSchema;
const principalSchema: z.ZodType<Principal> = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("anyone"), tenant }),
  z.object({
    kind: z.literal("key"),
    tenant,
    keyId: z.string(),
    scopes: z.array(scopeSchema),
    // Absent where an earlier version of the gateway asks.
    expiresAt: z.number().nullable().default(null),
  }),
  z
    .object({
      kind: z.literal("token"),
      tenant,
      subject: z.string(),
      sessionId: sessionIdSchema,
      role: roleSchema,
      tracks: z.array(trackNameSchema).optional(),
      reads: z.boolean().optional(),
      expiresAt: z.number(),
    })
    .transform((token) => ({ ...token, tracks: token.tracks })),
]);

/** Escaped: a subject may hold characters that a header can't. */
export function encodePrincipal(principal: Principal): string {
  return encodeURIComponent(JSON.stringify(principal));
}

/** @returns undefined where no header was given. */
export function parsePrincipal(header: string | undefined): Result<Principal | undefined, "malformed"> {
  if (header === undefined) return ok(undefined);
  try {
    const parsed = principalSchema.safeParse(JSON.parse(decodeURIComponent(header)));
    return parsed.success ? ok(parsed.data) : err("malformed");
  } catch {
    return err("malformed");
  }
}
