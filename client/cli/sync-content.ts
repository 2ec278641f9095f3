/** What a file of a synced folder says, as a document of the gateway, and a document as a file's bytes. What can't be kept as it stands is refused. */
import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { SyncClient, SyncContent } from "@roomtone/client/node";
import { parseExactJson } from "../../schemas/exact-json.ts";
import { UsageError } from "./usage-error.ts";

export type Kind = "settings" | "knowledge";

export interface LocalFile {
  readonly kind: Kind;
  readonly id: string;
  readonly name: string;
  readonly bytes: Buffer;
  /** Why it can't be sent as it is. */
  readonly fault?: string | undefined;
}

export const shaOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Read as UTF-8 all the same it would be other words, for good, on every device. @returns undefined for a text. */
export function textFault(bytes: Uint8Array): string | undefined {
  return isUtf8(bytes) ? undefined : "it is no UTF-8 text";
}

/** @throws UsageError for settings that are no JSON object, or not kept as they stand there. */
export function contentOf({ kind, name, bytes }: LocalFile): SyncContent {
  const text = bytes.toString("utf8");
  if (kind === "knowledge") {
    const dot = name.lastIndexOf(".");
    return { title: name.slice(0, dot), media_type: name.endsWith(".md") ? "text/markdown" : "text/plain", body: text };
  }
  const read = parseExactJson(text.replace(/^\uFEFF/, ""));
  if (!read.ok && read.error !== "not_json")
    throw new UsageError(`settings.json was not sent: ${read.error.path || "it"} ${read.error.message}.`);
  const body = read.ok && isUtf8(bytes) ? read.value : undefined;
  if (typeof body === "object" && body !== null && !Array.isArray(body)) return { body: body as Record<string, never> };
  throw new UsageError("settings.json is not one JSON object.");
}

export function isSameContent(file: LocalFile, content: SyncContent, bytes?: Buffer): boolean {
  if (bytes?.equals(file.bytes)) return true;
  const own = contentOf(file);
  return file.kind === "settings" ? isDeepStrictEqual(own.body, content.body) : textOf(own) === textOf(content);
}

function textOf({ body, sha256 }: SyncContent): string {
  if (typeof body === "string") return body.length > 60_000 ? shaOf(Buffer.from(body)) : body;
  return sha256 ?? JSON.stringify(body ?? null);
}

export async function bytesOf(client: SyncClient, { body, sha256 }: SyncContent): Promise<Buffer> {
  if (sha256 !== undefined) return Buffer.from(await client.body(sha256));
  return Buffer.from(typeof body === "object" ? `${JSON.stringify(body, null, 2)}\n` : (body ?? ""));
}
