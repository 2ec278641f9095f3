/**
 * What the Worker tells the room about an ingest connection: a URL of its own, because PartyServer keeps a
 * connection's URL in its attachment and the client's may hold a token.
 */
import * as z from "zod";
import type { Encoding } from "../../schemas/codec.ts";
import { trackNameSchema } from "../../schemas/names.ts";

/** The room's answer to a connection that it does not take; its body is the `error` message. */
export const refusedStatus = 409;

export interface IngestRequest {
  readonly encoding: Encoding;
  readonly track: string | null;
}

const requestSchema = z.object({ encoding: z.enum(["json", "msgpack"]), track: trackNameSchema.nullable() });

export function ingestUrl({ encoding, track }: IngestRequest): string {
  const query = new URLSearchParams(track === null ? { encoding } : { encoding, track });
  return `https://room/ingest?${query.toString()}`;
}

/** Throws on a URL that `ingestUrl` did not make. */
export function parseIngestRequest(url: string): IngestRequest {
  const { searchParams } = new URL(url);
  return requestSchema.parse({ encoding: searchParams.get("encoding"), track: searchParams.get("track") });
}
