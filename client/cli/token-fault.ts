/** Why a text can be no session token and no API key, whatever the gateway is. Pure; quotes nothing of it (V2). */
import { apiKeySchema } from "../../schemas/access.ts";
import { limits } from "../../schemas/limits.ts";

/** RFC 7515 §7.1: three parts of base64url. */
const compactJws = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** @returns how a sentence about it goes on; undefined where it may be one. */
export function tokenFault(text: string): string | undefined {
  if (/^\s*bearer\b/i.test(text)) return 'begins with "Bearer": give what follows that word alone';
  if (/\s/.test(text)) return "has blanks or line breaks in it: a token has none";
  if (/^["'`].*["'`]$/.test(text)) return "has quotation marks around it: give what is between them";
  if (text.length > limits.maxTokenChars) return `is longer than ${limits.maxTokenChars} characters, which no token is`;
  if (apiKeySchema.safeParse(text).success || compactJws.test(text)) return undefined;
  if (text.startsWith("rt_")) return "is a damaged API key: rt_, 12 characters, _ and 43 more";
  return "is no token: a session token has three parts with dots between (a JWT), and an API key begins with rt_";
}
