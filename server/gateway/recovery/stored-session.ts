/**
 * What R2 holds of a session, read for a room whose own storage is lost: its seconds, the versions of its result, its WAVs. Reads
 * only; memory holds a row a second and one result at a time.
 */
import * as z from "zod";
import { type Sha256, toHex } from "../../../schemas/chain.ts";
import { parseJson } from "../../../schemas/lib/parse-json.ts";
import { type SessionResult, sessionResultSchema } from "../../../schemas/http/result.ts";
import type { VersionCause } from "../../../schemas/http/versions.ts";
import { defaultTrack, trackNameSchema } from "../../../schemas/names.ts";
import { sessionPrefix } from "../archive/keys.ts";
import type { SessionName } from "../core/session-name.ts";

/** Times are ms since 1970. */
export interface StoredChunk {
  readonly seq: number;
  readonly timestamp_ms: number;
  readonly received_at: number;
  readonly sha256: ArrayBuffer;
}

export interface StoredVersion {
  readonly version: number;
  readonly event_id: number;
  readonly made_at: number;
  readonly made_by: readonly VersionCause[];
  readonly sha256: string;
  readonly bytes: number;
  readonly has_own_key: boolean;
}

export interface StoredSession {
  /** By track, in order of seq. */
  readonly chunks: ReadonlyMap<string, readonly StoredChunk[]>;
  readonly versions: readonly StoredVersion[];
  /** The newest version, and its events as they are written there. */
  readonly newest: { readonly result: SessionResult; readonly events: readonly EventText[] } | undefined;
  /** Whether there is a result that can't be read. */
  readonly isResultBroken: boolean;
}

export interface EventText {
  readonly at: number;
  /** As the log keeps it: without number and time. */
  readonly body: string;
}

type Bucket = Pick<R2Bucket, "list" | "get">;

const chunkPattern = /^(?:tracks\/([^/]+)\/)?chunks\/(\d{8})\.pcm$/;
const versionPattern = /^results\/([1-9]\d{0,8})\.json$/;
const rawEventsSchema = z.object({ events: z.array(z.looseObject({ event_id: z.int(), at: z.string() })) });

/** @returns undefined where R2 has nothing of it. Rejects where R2 fails: half a session is none. */
export async function readStoredSession(
  bucket: Bucket,
  session: SessionName,
  sha256: Sha256,
): Promise<StoredSession | undefined> {
  const prefix = sessionPrefix(session);
  const chunks = new Map<string, StoredChunk[]>();
  const resultKeys: { key: string; own: number | undefined }[] = [];
  let isThere = false;
  for await (const object of objectsUnder(bucket, prefix)) {
    const name = object.key.slice(prefix.length);
    const [, folder = defaultTrack, digits] = chunkPattern.exec(name) ?? [];
    const track = trackNameSchema.safeParse(folder);
    if (digits !== undefined && track.success) {
      isThere = true;
      const row = await chunkOf(bucket, object, Number(digits), sha256);
      const rows = chunks.get(track.data) ?? [];
      rows.push(row);
      chunks.set(track.data, rows);
    } else if (name === "result.json") resultKeys.push({ key: object.key, own: undefined });
    else if (versionPattern.test(name))
      resultKeys.push({ key: object.key, own: Number(versionPattern.exec(name)?.[1]) });
  }
  if (!isThere && resultKeys.length === 0) return undefined;
  return { chunks, ...(await readVersions(bucket, session, resultKeys, sha256)) };
}

async function* objectsUnder(bucket: Bucket, prefix: string): AsyncGenerator<R2Object, void, undefined> {
  for (let cursor: string | undefined; ;) {
    const page = await bucket.list({
      prefix,
      include: ["customMetadata"],
      ...(cursor === undefined ? {} : { cursor }),
    });
    yield* page.objects;
    if (!page.truncated) return;
    cursor = page.cursor;
  }
}

async function chunkOf(bucket: Bucket, object: R2Object, seq: number, sha256: Sha256): Promise<StoredChunk> {
  const said = Number(object.customMetadata?.["timestamp_ms"]);
  const received_at = object.uploaded.getTime();
  return {
    seq,
    timestamp_ms: Number.isFinite(said) ? said : received_at,
    received_at,
    sha256: object.checksums.sha256 ?? (await hashOf(bucket, object.key, sha256)),
  };
}

/** Of a chunk that was put without one, as none of this gateway is. */
async function hashOf(bucket: Bucket, key: string, sha256: Sha256): Promise<ArrayBuffer> {
  const object = await bucket.get(key);
  if (!object) throw new Error(`R2 lists what it does not have: ${key}`);
  return Uint8Array.from(sha256(new Uint8Array(await object.arrayBuffer()))).buffer;
}

type Versions = Pick<StoredSession, "versions" | "newest" | "isResultBroken">;

async function readVersions(
  bucket: Bucket,
  session: SessionName,
  keys: readonly { readonly key: string; readonly own: number | undefined }[],
  sha256: Sha256,
): Promise<Versions> {
  const versions = new Map<number, StoredVersion>();
  let [newest, isResultBroken]: [StoredSession["newest"], boolean] = [undefined, false];
  for (const { key, own } of keys) {
    const bytes = new Uint8Array((await (await bucket.get(key))?.arrayBuffer()) ?? new ArrayBuffer(0));
    const read = readResult(bytes, session);
    if (!read || (own !== undefined && own !== (read.result.version ?? 1))) {
      isResultBroken = true;
      continue;
    }
    const { result, events } = read;
    const version = result.version ?? 1;
    versions.set(version, {
      version,
      event_id: events.length,
      made_at: Date.parse(result.made_at ?? result.finalized_at),
      made_by: result.made_by ?? ["finalize"],
      sha256: toHex(sha256(bytes)),
      bytes: bytes.byteLength,
      has_own_key: own !== undefined || (versions.get(version)?.has_own_key ?? false),
    });
    if (version >= (newest?.result.version ?? 1)) newest = read;
  }
  return { versions: [...versions.values()].toSorted((a, b) => a.version - b.version), newest, isResultBroken };
}

/** @returns undefined for what is no result of this session. */
function readResult(bytes: Uint8Array, { tenant, sessionId }: SessionName): StoredSession["newest"] {
  const json = jsonOf(bytes);
  const parsed = sessionResultSchema.safeParse(json);
  const raw = rawEventsSchema.safeParse(json);
  if (!parsed.success || !raw.success) return undefined;
  if (parsed.data.tenant !== tenant || parsed.data.session_id !== sessionId) return undefined;
  const events = raw.data.events.map(({ at, ...event }) => {
    const { event_id: number, ...body } = event;
    return { number, at: Date.parse(at), body: JSON.stringify(body) };
  });
  const isWhole = events.every(({ number }, index) => number === index + 1);
  return isWhole ? { result: parsed.data, events } : undefined;
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return parseJson(new TextDecoder().decode(bytes));
  } catch {
    // Half a result is told from none by what the caller makes of it.
    return undefined;
  }
}
