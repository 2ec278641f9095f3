/**
 * Reading the JSON body of a request: measured, read as UTF-8, looked at for what would be lost, and parsed by its schema, before
 * anything is done with it (SPEC U4, U5, L7). Both Workers read bodies with it. Knows no route; failures are values.
 */
import * as z from "zod";
import { limits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { parseExactJson } from "../../../schemas/exact-json.ts";
import { isNestedDeeper } from "../json/json-depth.ts";
import { readTextUpTo } from "../lib/read-body.ts";
import { wordsOf } from "./issue-words.ts";

export type BodyFailure =
  | { readonly reason: "body_too_large"; readonly maxBytes: number }
  | "body_broke_off"
  | "body_encoded"
  | "body_charset"
  | "body_not_utf8"
  | "body_not_json"
  | "body_too_deep"
  | { readonly reason: "bad_body"; readonly field: string; readonly message: string };

/** Of a route that takes no body: one that says something would be passed over. */
export const noBodySchema = z.strictObject({});

/** An empty body counts as `{}`. What `Content-Type` says it is does not matter, but for a charset. */
export async function readJsonBody<T>(
  request: Request,
  schema: z.ZodType<T>,
  maxBytes: number,
): Promise<Result<T, BodyFailure>> {
  const tooLarge = { reason: "body_too_large", maxBytes } as const;
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) return err(tooLarge);
  const text = await readTextUpTo(request.body, maxBytes).catch(() => undefined);
  // The client hung up in the middle, or sent less than it announced: no failure of the gateway.
  if (!text) return err("body_broke_off");
  const refusal = headersRefusal(request.headers);
  if (!text.ok) return err(text.error === "too_large" ? tooLarge : (refusal ?? "body_not_utf8"));
  if (refusal !== undefined) return err(refusal);
  const value = text.value.trim() === "" ? ok({}) : parseExactJson(text.value);
  if (!value.ok) {
    if (value.error === "not_json") return err("body_not_json");
    return err({ reason: "bad_body", field: value.error.path || "body", message: value.error.message });
  }
  if (isNestedDeeper(value.value, limits.maxJsonLevels)) return err("body_too_deep");
  const parsed = schema.safeParse(value.value);
  if (parsed.success) return ok(parsed.data);
  return err({ reason: "bad_body", ...wordsOf(parsed.error, schema, value.value, "body") });
}

/** Charsets whose bytes are UTF-8's. */
const utf8Names: ReadonlySet<string> = new Set(["utf-8", "utf8", "us-ascii", "ascii"]);

function headersRefusal(headers: Headers): "body_encoded" | "body_charset" | undefined {
  const encoding = headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  if (encoding !== "" && encoding !== "identity") return "body_encoded";
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(headers.get("content-type") ?? "")?.[1];
  return charset === undefined || utf8Names.has(charset.toLowerCase()) ? undefined : "body_charset";
}
