/**
 * How one frame of a client is made: a good message, and what is done to it. Relative to what the room has, so that the
 * same plan means the same in any session. Pure data: fast-check makes, shrinks and prints it.
 */
import * as fc from "fast-check";
import type { Encoding } from "../../schemas/wire/codec.ts";
import { nastyValues } from "./nasty-values.ts";

/** A second's number, by what the track has: after its last, one of those kept, one of those missing, or just this one. */
export type SeqChoice =
  | { readonly from: "last" | "zero"; readonly offset: number }
  | { readonly from: "kept" | "hole"; readonly pick: number };

export type BaseMessage =
  | {
      readonly type: "chunk";
      readonly seq: SeqChoice;
      /** Which of several audios it carries. */
      readonly variant: number;
      readonly bytes: number;
      readonly base64: Base64Style;
    }
  | { readonly type: "hello"; readonly options: number }
  | {
      readonly type: "live";
      readonly rate: number;
      readonly bytes: number;
      readonly isNamed: boolean;
      readonly atMs: number | null;
      readonly base64: Base64Style;
    }
  | { readonly type: "end"; readonly lastSeq: SeqChoice; readonly padding: number | null }
  | { readonly type: "gap"; readonly from: SeqChoice; readonly length: number; readonly cause: string }
  | { readonly type: "seen"; readonly mark: string }
  | { readonly type: "status" | "ping" | "close" };

export type Base64Style = "good" | "url" | "unpadded" | "over-padded" | "blank" | "trailing bits";

/** Done to the fields, before they are encoded. `at` picks a field, `value` one of `nastyValues`. */
export type FieldEdit =
  | { readonly op: "drop"; readonly at: number }
  | { readonly op: "set" | "repeat"; readonly at: number; readonly value: number }
  | { readonly op: "add"; readonly key: string; readonly value: number }
  | { readonly op: "rename"; readonly at: number; readonly key: string }
  | { readonly op: "copy"; readonly at: number; readonly to: number }
  | { readonly op: "wrap"; readonly at: number; readonly how: "array" | "map" | "text" }
  | { readonly op: "nest"; readonly how: "array" | "map"; readonly levels: number };

/** Done to the encoded frame: bytes of a binary one, UTF-16 units of a text. `at` is a place, of 10,000. */
export type ByteEdit = { readonly at: number; readonly isInHead: boolean } & (
  | { readonly op: "flip"; readonly bits: number }
  | { readonly op: "cut" }
  | { readonly op: "remove" | "double"; readonly length: number }
  | { readonly op: "insert"; readonly bytes: readonly number[] }
  | { readonly op: "replace"; readonly bytes: readonly number[] }
  | { readonly op: "pad"; readonly to: number }
);

export interface FramePlan {
  readonly encoding: Encoding;
  readonly base: BaseMessage;
  readonly fields: readonly FieldEdit[];
  readonly bytes: readonly ByteEdit[];
  /** Text goes as a binary frame, and binary as text. */
  readonly isSwapped: boolean;
}

export interface ConnectionPlan {
  readonly encoding: Encoding;
  /** The track in the URL; without one the first frame that names a track decides. */
  readonly track: string | undefined;
}

export function isMutated({ base, fields, bytes, isSwapped }: FramePlan): boolean {
  const isOdd = base.type === "chunk" && (base.bytes !== chunkLength || base.base64 !== "good");
  return fields.length > 0 || bytes.length > 0 || isSwapped || isOdd;
}

const chunkLength = 32_000;
export const fuzzedTracks: readonly string[] = ["mixed", "mic", "t-1"];
const keys = [
  "type",
  "meeting_id",
  "seq",
  "timestamp_ms",
  "sample_rate",
  "channels",
  "format",
  "content",
  "content_b64",
  "track",
  "stream_role",
  "client_id",
  "subscribe",
  "last_seq",
  "padding_samples",
  "from_seq",
  "to_seq",
  "cause",
  "reason",
  "__proto__",
  "constructor",
  "toString",
  "",
  "SEQ",
  "\uD800",
  "hasOwnProperty",
];

const encoding = fc.constantFrom<Encoding>("json", "msgpack");
const index = fc.nat(9_999);
const value = fc.nat(nastyValues.length - 1);
const key = fc.constantFrom(...keys);
const anyTrack = fc.constantFrom(...fuzzedTracks);

const seq: fc.Arbitrary<SeqChoice> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ from: "last", offset: 1 } as const) },
  {
    weight: 2,
    arbitrary: fc.record({ from: fc.constant("last" as const), offset: fc.constantFrom(2, 3, 86_400, 86_401) }),
  },
  { weight: 3, arbitrary: fc.record({ from: fc.constantFrom("kept" as const, "hole" as const), pick: index }) },
  {
    weight: 1,
    arbitrary: fc.record({
      from: fc.constant("zero" as const),
      offset: fc.constantFrom(0, -1, 1, 99_999_999, 100_000_000),
    }),
  },
);

const usually = <T>(common: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(common) }, { weight: 1, arbitrary: fc.constantFrom(...others) });

const chunk = fc.record({
  type: fc.constant("chunk" as const),
  seq,
  variant: usually(1, 2),
  bytes: usually(chunkLength, 31_998, 31_999, 32_001, 32_002, 0, 1, 47_000),
  base64: usually<Base64Style>("good", "url", "unpadded", "over-padded", "blank", "trailing bits"),
});

const base: fc.Arbitrary<BaseMessage> = fc.oneof(
  { weight: 10, arbitrary: chunk },
  { weight: 4, arbitrary: fc.record({ type: fc.constant("hello" as const), options: fc.nat(63) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("end" as const),
      lastSeq: seq,
      padding: fc.constantFrom(null, 0, 1, 15_999, 16_000, -1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("gap" as const),
      from: seq,
      length: fc.constantFrom(1, 1, 2, 10, 0, 86_400),
      cause: fc.constantFrom("capture_stall", "client_gave_up", "rejected"),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom("status" as const, "status" as const, "ping" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant("live" as const),
      rate: usually(16_000, 24_000, 8_000),
      bytes: usually(3_200, 640, 638, 641, 8_000, 8_002, 12_000, 12_002, 0),
      isNamed: fc.boolean(),
      atMs: fc.constantFrom(null, 0, 1.5, -1),
      base64: usually<Base64Style>("good", "url", "unpadded", "blank"),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant("seen" as const),
      mark: fc.constantFrom("", "5f0c9a17", "m".repeat(257)),
    }),
  },
  // Seldom: it ends the connection.
  { weight: 1, arbitrary: fc.record({ type: fc.constantFrom("status" as const, "close" as const) }) },
);

const fieldEdit: fc.Arbitrary<FieldEdit> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ op: fc.constant("drop" as const), at: index }) },
  { weight: 6, arbitrary: fc.record({ op: fc.constantFrom("set" as const, "repeat" as const), at: index, value }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant("add" as const), key, value }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("rename" as const), at: index, key }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant("copy" as const), at: index, to: index }) },
  {
    weight: 1,
    arbitrary: fc.record({ op: fc.constant("wrap" as const), at: index, how: fc.constantFrom("array", "map", "text") }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant("nest" as const),
      how: fc.constantFrom("array" as const, "map" as const),
      levels: fc.constantFrom(1, 2, 7, 8, 9, 5_000),
    }),
  },
);

const someBytes = fc.array(fc.nat(255), { minLength: 1, maxLength: 8 });
const placed = { at: index, isInHead: fc.boolean() };
const byteEdit: fc.Arbitrary<ByteEdit> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ ...placed, op: fc.constant("flip" as const), bits: fc.integer({ min: 1, max: 255 }) }),
  },
  { weight: 2, arbitrary: fc.record({ ...placed, op: fc.constant("cut" as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      ...placed,
      op: fc.constantFrom("remove" as const, "double" as const),
      length: fc.constantFrom(1, 1, 2, 4, 33),
    }),
  },
  { weight: 2, arbitrary: fc.record({ ...placed, op: fc.constant("insert" as const), bytes: someBytes }) },
  {
    weight: 1,
    arbitrary: fc.record({
      ...placed,
      op: fc.constant("replace" as const),
      bytes: fc.array(fc.nat(255), { maxLength: 60 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ ...placed, op: fc.constant("pad" as const), to: fc.constantFrom(65_536, 65_537, 200_000) }),
  },
);

const untouched = fc.constant([]);
const few = <T>(edit: fc.Arbitrary<T>): fc.Arbitrary<T[]> =>
  fc.array(edit, { minLength: 1, maxLength: 3, size: "max" });

/** Good frames among them, so that connections go on and there is something to break. */
export const framePlans: fc.Arbitrary<FramePlan> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ encoding, base, fields: untouched, bytes: untouched, isSwapped: fc.constant(false) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ encoding, base, fields: few(fieldEdit), bytes: untouched, isSwapped: fc.constant(false) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ encoding, base, fields: untouched, bytes: few(byteEdit), isSwapped: fc.constant(false) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ encoding, base, fields: untouched, bytes: untouched, isSwapped: fc.constant(true) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ encoding, base, fields: few(fieldEdit), bytes: few(byteEdit), isSwapped: fc.boolean() }),
  },
);

export const connectionPlans: fc.Arbitrary<ConnectionPlan> = fc.record({
  encoding,
  track: fc.option(anyTrack, { nil: undefined }),
});
