/** Bodies of documents by their SHA-256: kept here until the document is taken, sent in parts that are missing, and checked when they are read. */
import { toHex } from "../../schemas/chain.ts";
import { limits } from "../../schemas/limits.ts";
import type { Edit } from "./device-rows.ts";
import type { SyncContent, SyncStorage, SyncTransport } from "./sync-types.ts";

/** Of one body, where what came was not what was sent. */
const maxUploads = 2;

export interface BodiesDeps {
  readonly storage: SyncStorage;
  readonly transport: SyncTransport;
  /** Sends a request again where that may help. */
  readonly retried: <T>(send: () => Promise<T>, signal: AbortSignal | undefined) => Promise<T>;
}

/** A body's bytes are not those of its name. */
export class BodyMismatchError extends Error {
  override readonly name = "BodyMismatchError";
}

export class Bodies {
  readonly #deps: BodiesDeps;

  constructor(deps: BodiesDeps) {
    this.#deps = deps;
  }

  /** @returns the content as it is sent: a text that is too long for a push by its hash. */
  async kept(content: SyncContent): Promise<SyncContent> {
    const { body, ...rest } = content;
    if (typeof body !== "string" || body.length <= limits.maxSyncInlineChars) return content;
    return { ...rest, sha256: await this.keep(new TextEncoder().encode(body)) };
  }

  async keep(bytes: Uint8Array): Promise<string> {
    if (bytes.length === 0) throw new TypeError("A body has at least one byte.");
    const sha256 = await shaOf(bytes);
    await this.#deps.storage.putBody(sha256, bytes);
    return sha256;
  }

  async upload(edits: readonly Edit[], signal: AbortSignal | undefined): Promise<void> {
    for (const { content } of edits) {
      const sha256 = content?.sha256;
      const bytes = sha256 === undefined ? undefined : await this.#deps.storage.body(sha256);
      // Not kept here: the gateway has it already, or says that it lacks it.
      if (sha256 !== undefined && bytes) await this.#upload(sha256, bytes, signal);
    }
  }

  /** What the gateway has taken need not lie here. */
  async drop(edits: readonly Edit[], isWaiting: (sha256: string) => boolean): Promise<void> {
    for (const { content } of edits)
      if (content?.sha256 !== undefined && !isWaiting(content.sha256))
        await this.#deps.storage.dropBody(content.sha256);
  }

  async read(sha256: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const { storage, transport, retried } = this.#deps;
    const bytes = (await storage.body(sha256)) ?? (await retried(() => transport.getBody(sha256, signal), signal));
    if ((await shaOf(bytes)) !== sha256) throw new BodyMismatchError(`What came is not the body ${sha256}.`);
    return bytes;
  }

  async #upload(sha256: string, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const { transport, retried } = this.#deps;
    for (let uploads = 1; ; uploads += 1) {
      const state = await retried(() => transport.startBody(sha256, bytes.length, signal), signal);
      if (state.is_kept) return;
      const { part_bytes, parts, received } = state;
      for (let part = 1; part <= parts; part += 1) {
        if (received.includes(part)) continue;
        const piece = bytes.subarray((part - 1) * part_bytes, part * part_bytes);
        await retried(() => transport.putPart(sha256, part, piece, signal), signal);
      }
      try {
        await retried(() => transport.completeBody(sha256, signal), signal);
        return;
      } catch (cause) {
        // What came was not what was sent, or another device of the user ended the upload meanwhile: it begins anew.
        if (uploads >= maxUploads || !isBeginAnew(cause)) throw cause;
      }
    }
  }
}

function isBeginAnew(cause: unknown): boolean {
  const code = cause instanceof Error && "code" in cause ? cause.code : "";
  return code === "body_mismatch" || code === "upload_incomplete" || code === "body_not_found";
}

async function shaOf(bytes: Uint8Array): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes.slice())));
}
