/**
 * The names of the protocol and the one way to check them. Nothing here decodes or repairs a name: two
 * spellings must never share a storage key, so a name either matches or is refused (SPEC N1).
 */
import * as z from "zod";

/** An isolated customer of one installation. */
export const tenantSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

/** One meeting. Also the value of `meeting_id` in every frame of that meeting. */
export const sessionIdSchema = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._~-]{0,127}$/);

/** One audio source of a session. */
export const trackNameSchema = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,31}$/);

export const defaultTenant = "default";
export const defaultTrack = "mixed";

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
