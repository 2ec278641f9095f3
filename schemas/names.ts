/**
 * The names of the protocol and the one way to check them. Nothing here decodes or repairs a name: two
 * spellings must never share a storage key, so a name either matches or is refused (SPEC N1).
 */
import * as z from "zod";
import { sessionIdPattern, tenantPattern, trackNamePattern } from "./name-patterns.ts";

export { defaultTenant, defaultTrack } from "./name-patterns.ts";

/** An isolated customer of one deployment. */
export const tenantSchema = z
  .string()
  .regex(tenantPattern, "is a-z, 0-9 and -, at most 63 characters, starting with a letter or digit");

/** One meeting. Also the value of `meeting_id` in every frame of that meeting. */
export const sessionIdSchema = z
  .string()
  .regex(sessionIdPattern, "is A-Z, a-z, 0-9, ., _, ~ and -, at most 128 characters, starting with a letter or digit");

/** One audio source of a session. */
export const trackNameSchema = z
  .string()
  .regex(trackNamePattern, "is a-z, 0-9, _ and -, at most 32 characters, starting with a letter or digit");

/** Splits a Durable Object name `<tenant>/<session_id>`. Neither part can hold a slash. */
export function parseRoomName(name: string): { tenant: string; sessionId: string } | undefined {
  const [tenant, sessionId, ...rest] = name.split("/");
  if (rest.length > 0) return undefined;
  const parsedTenant = tenantSchema.safeParse(tenant);
  const parsedSession = sessionIdSchema.safeParse(sessionId);
  if (!parsedTenant.success || !parsedSession.success) return undefined;
  return { tenant: parsedTenant.data, sessionId: parsedSession.data };
}

export function roomName(tenant: string, sessionId: string): string {
  return `${tenant}/${sessionId}`;
}
