/** Chunks that a room must refuse, in either encoding. Pure. */
import type { Encoding } from "../../../schemas/wire/codec.ts";
import { chunkFrame } from "../../../client/testkit/frames.ts";

export const badKinds = ["short", "long", "content", "truncated", "meeting", "seq", "format"] as const;
export type BadKind = (typeof badKinds)[number];

/** @param content the second that the chunk would have carried. */
export function badChunk(
  kind: BadKind,
  encoding: Encoding,
  { session, seq, content }: { session: string; seq: number; content: Uint8Array },
): string | Uint8Array {
  const make = (fields = {}, bytes = content): string | Uint8Array =>
    chunkFrame(encoding, session, seq, { content: bytes, fields });
  switch (kind) {
    case "short":
      return make({}, content.subarray(1));
    case "long":
      return make({}, Buffer.concat([content, Buffer.of(0)]));
    case "content":
      return make(
        encoding === "json" ? { content_b64: `*${Buffer.from(content).toString("base64").slice(1)}` } : { content: 5 },
      );
    case "truncated": {
      const good = make();
      return good.slice(0, good.length >> 1);
    }
    case "meeting":
      return make({ meeting_id: `${session}-other` });
    case "seq":
      return make({ seq: 0 });
    case "format":
      return make({ sample_rate: 48_000 });
  }
}
