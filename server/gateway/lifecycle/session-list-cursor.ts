/** The opaque cursor of a list: the place of the last session that was given, in base64url. Pure. */
import * as z from "zod";
import { sessionIdSchema } from "../../../schemas/names.ts";

/** `created_at` in ms since 1970. */
export interface CursorPlace {
  readonly created_at: number;
  readonly session_id: string;
}

const placeSchema = z.tuple([z.int().min(0), sessionIdSchema]);
/** A time of at most 16 digits, an id of at most 128 characters, and what JSON and base64 add. */
const maxCursorChars = 220;

export function cursorOf({ created_at, session_id }: CursorPlace): string {
  const text = JSON.stringify([created_at, session_id]);
  return new TextEncoder().encode(text).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** @returns undefined for a cursor that no list gave. */
export function parseCursor(cursor: string): CursorPlace | undefined {
  if (cursor.length > maxCursorChars) return undefined;
  try {
    const text = new TextDecoder().decode(Uint8Array.fromBase64(cursor, { alphabet: "base64url" }));
    const [created_at, session_id] = placeSchema.parse(JSON.parse(text));
    const place = { created_at, session_id };
    // One spelling only.
    return cursorOf(place) === cursor ? place : undefined;
  } catch {
    return undefined;
  }
}
