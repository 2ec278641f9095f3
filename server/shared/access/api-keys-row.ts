/** A row of `api_keys` as D1 gives it, checked; for the store and for the command that lists keys. Pure. */
import * as z from "zod";
import { keyIdSchema, scopeSchema } from "../../../schemas/access.ts";
import { tenantSchema } from "../../../schemas/names.ts";

const timeSchema = z.int().min(0);
const scopesSchema = z
  .string()
  .transform((text) => text.split(" "))
  .pipe(z.array(scopeSchema));

/** All columns but the hash. Times are ms since 1970. */
export const apiKeyRowSchema = z.object({
  key_id: keyIdSchema,
  tenant: tenantSchema,
  name: z.string(),
  scopes: scopesSchema,
  created_at: timeSchema,
  expires_at: timeSchema.nullable(),
  revoked_at: timeSchema.nullable(),
  replaced_by: keyIdSchema.nullable(),
});
export type ApiKeyRow = z.infer<typeof apiKeyRowSchema>;

export type ApiKeyState = "active" | "expired" | "revoked";

/** What a key is at the time `now`. Both expired and revoked counts as revoked: somebody meant it. */
export function apiKeyStateOf(row: Pick<ApiKeyRow, "expires_at" | "revoked_at">, now: number): ApiKeyState {
  if (row.revoked_at !== null) return "revoked";
  return row.expires_at !== null && row.expires_at <= now ? "expired" : "active";
}
