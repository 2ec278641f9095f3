/**
 * Tells keys that may be good from guessed ones without a read of D1 for each: the beginnings of the hashes of all keys, read
 * once in a while. Asked only where an address sends too much that is not valid (SPEC P15); a key that passes is then looked up as
 * always. Guarantees that a key which is older than the list never fails here, and that reading the list costs D1 a thousand rows a
 * second at most, in each isolate.
 */
import * as z from "zod";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { remainingMs } from "../lib/cooldown.ts";
import { d1KeyTimeoutMs } from "../config/timings.ts";
import { tryAgain } from "../d1/try-again.ts";
import { hashSecret, parseApiKey } from "./api-keys-format.ts";

/** 64 bits: more guesses than anyone has until a wrong secret passes, and then D1 knows better. */
const headChars = 16;
/** Keys whose heads are held in memory. Where there are more, each key that is presented is looked up in D1. */
const maxListed = 20_000;
/** A list is used for a millisecond a key, so that reading lists costs D1 a thousand rows a second at most: the longest one for this, ms. */
const longestMs = maxListed + 1;
const listedRow = z.object({ head: z.string().length(headChars) });

interface List {
  /** undefined: there are too many keys, or none could be read yet. */
  heads: ReadonlySet<string> | undefined;
  /** ms since 1970; until then the list is not read again. */
  goodUntil: number;
}

/** Of this isolate, by its database. */
const lists = new WeakMap<D1Database, List>();

/** @throws what D1 throws, a TimeoutError where it does not answer. */
export async function mayBeGood(db: D1Database, key: string, now: number): Promise<boolean> {
  const parts = parseApiKey(key);
  if (!parts) return false;
  const head = hashSecret(parts.secret).slice(0, headChars);
  const { heads } = await listOf(db, now);
  return heads === undefined || heads.has(head);
}

async function listOf(db: D1Database, now: number): Promise<List> {
  const known = lists.get(db);
  if (known && remainingMs(known.goodUntil, now, longestMs) > 0) return known;
  const list: List = known ?? { heads: undefined, goodUntil: 0 };
  // Requests that come meanwhile go on with what is known: none may wait for another's read.
  list.goodUntil = now + d1KeyTimeoutMs;
  lists.set(db, list);
  const query = db
    .prepare(`SELECT substr(hash, 1, ${headChars}) AS head FROM api_keys WHERE revoked_at IS NULL LIMIT ?`)
    .bind(maxListed + 1);
  const { results } = await tryAgain(() => withTimeout(query.run(), d1KeyTimeoutMs, "D1 read"));
  const rows = z.array(listedRow).parse(results);
  list.heads = rows.length > maxListed ? undefined : new Set(rows.map(({ head }) => head));
  list.goodUntil = now + Math.max(1_000, rows.length);
  return list;
}
