/** How one HTTP request is made: a good one of some operation, and what is done to it. Pure data. */
import * as fc from "fast-check";
import { type OperationId, operations } from "../../schemas/http/operations.ts";
import { nastyNumbers, nastyTexts, nastyValues } from "./nasty-values.ts";

/** The one session that refusals may not change; one that may end; one that was never opened; or what is no id. */
export type SessionChoice =
  | { readonly kind: "reference" | "unknown" }
  | { readonly kind: "scratch"; readonly pick: number }
  | { readonly kind: "text"; readonly text: string };

/** Names of credentials; the world that is fuzzed has the texts. */
export const credentialNames = [
  "admin",
  "writeKey",
  "readKey",
  "mintKey",
  "otherTenantKey",
  "capture",
  "observe",
  "edit",
  "observeMic",
  "none",
  "unknownKey",
  "revokedKey",
  "expired",
  "otherSecret",
  "unsigned",
  "otherSession",
  "garbage",
  "empty",
  "huge",
  "spaced",
] as const;
export type CredentialName = (typeof credentialNames)[number];

export interface CredentialPlan {
  readonly name: CredentialName;
  readonly as: "bearer" | "basic" | "bare" | "lower case" | "query" | "subprotocol";
}

export type PathEdit =
  | { readonly op: "insert"; readonly at: number; readonly text: string }
  | { readonly op: "flip"; readonly at: number; readonly to: number }
  | { readonly op: "remove"; readonly at: number; readonly length: number }
  | { readonly op: "append"; readonly text: string };

/** Done to a JSON body: `at` picks a value in it, `value` one of `nastyValues`. */
export type BodyEdit =
  | { readonly op: "set" | "repeat"; readonly at: number; readonly value: number }
  | { readonly op: "drop"; readonly at: number }
  | { readonly op: "add"; readonly at: number; readonly key: string; readonly value: number }
  | { readonly op: "nest"; readonly at: number; readonly levels: number; readonly how: "array" | "map" };

export type BodyBytes =
  | { readonly op: "whole"; readonly text: string }
  | { readonly op: "cut"; readonly at: number }
  | { readonly op: "prefix" | "suffix"; readonly bytes: readonly number[] }
  | { readonly op: "insert"; readonly at: number; readonly bytes: readonly number[] }
  | { readonly op: "pad"; readonly to: number }
  | { readonly op: "utf-16" };

export interface BodyPlan {
  readonly edits: readonly BodyEdit[];
  readonly bytes: readonly BodyBytes[];
  /** Without a content-length. */
  readonly isChunked: boolean;
  /** A content-length that is not the body's; only where the transport lets one lie. */
  readonly lie: number | undefined;
}

export interface RequestPlan {
  readonly operation: OperationId;
  /** Instead of the operation's own. */
  readonly method: string | undefined;
  readonly session: SessionChoice;
  /** The text for the first name of the path that is not the session's, such as a track; `good` stands for a name that may be there. */
  readonly part: string;
  readonly path: readonly PathEdit[];
  readonly query: readonly (readonly [string, string])[];
  readonly headers: readonly (readonly [string, string])[];
  readonly isUpgrade: boolean;
  readonly credential: CredentialPlan;
  readonly body: BodyPlan;
}

const index = fc.nat(9_999);
const operationIds = Object.keys(operations) as OperationId[];
const pick = <T>(...values: readonly T[]): fc.Arbitrary<T> => fc.constantFrom(...values);
const weighted = <T>(common: fc.Arbitrary<T>, weight: number, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: common }, { weight: 1, arbitrary: rare });
const upTo = <T>(maxLength: number, of: fc.Arbitrary<T>): fc.Arbitrary<T[]> => fc.array(of, { maxLength, size: "max" });

const badIds = [
  "..",
  ".",
  "%2e%2e",
  "a%2Fb",
  "a%00",
  "%41",
  "a%",
  "-a",
  "_a",
  "~a",
  "a b",
  "a+b",
  "a:b",
  "a;b",
  "a,b",
  "é",
  "🎙",
  "a".repeat(129),
  "a".repeat(4_000),
  "__proto__",
  "constructor",
  "null",
  "undefined",
  "0",
  "a\\b",
  "a@b",
  "*",
  "a#b",
  "a?b",
];

const session: fc.Arbitrary<SessionChoice> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: pick("reference" as const) }) },
  { weight: 4, arbitrary: fc.record({ kind: pick("scratch" as const), pick: index }) },
  { weight: 2, arbitrary: fc.record({ kind: pick("unknown" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: pick("text" as const), text: pick(...badIds) }) },
);

const pathTexts = [
  "/",
  "//",
  "/.",
  "/..",
  "/../..",
  "%2f",
  "%2e%2e/",
  "\\",
  ";",
  "?",
  "#",
  "%",
  "%zz",
  "%00",
  "é",
  "🎙",
  "%F0%9F",
  " ",
  "'",
  '"',
  "<",
  "|",
  "/state",
  "x".repeat(3_000),
];
const pathEdit: fc.Arbitrary<PathEdit> = fc.oneof(
  fc.record({ op: pick("insert" as const), at: index, text: pick(...pathTexts) }),
  fc.record({ op: pick("flip" as const), at: index, to: fc.integer({ min: 33, max: 126 }) }),
  fc.record({ op: pick("remove" as const), at: index, length: pick(1, 2, 9) }),
  fc.record({ op: pick("append" as const), text: pick(...pathTexts) }),
);

const queryNames = [
  "after",
  "limit",
  "cursor",
  "status",
  "track",
  "from_ms",
  "to_ms",
  "token",
  "session_id",
  "__proto__",
  "",
  "x",
];
const queryTexts = [
  ...nastyNumbers.map(String),
  ...nastyTexts.filter((text) => text.length < 300),
  "mic",
  "open",
  "all",
  "999999999999999",
  "9999999999999999",
  "00",
  "+1",
  "1e3",
  "0x10",
  "NaN",
  "-0",
  "1,2",
  "a".repeat(5_000),
  "eyJhIjoxfQ",
  "AAAA",
  "%",
  "%zz",
  "%00",
  "%F0",
];
const query = fc.tuple(pick(...queryNames), pick(...queryTexts));

const zeros = "0".repeat(16);
const headerChoices: readonly (readonly [string, string])[] = [
  ["traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
  ["traceparent", `00-${zeros}${zeros}-${zeros}-00`],
  ["traceparent", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"],
  ["traceparent", "garbage"],
  ["traceparent", "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01<script>"],
  ["range", "bytes=0-0"],
  ["range", "bytes=0-43"],
  ["range", "bytes=-1"],
  ["range", "bytes=99999999999999999999-"],
  ["range", "bytes=5-2"],
  ["range", "bytes=0-0,5-9"],
  ["range", "items=0-1"],
  ["range", "bytes=-0"],
  ["range", "bytes=0-99999999999999999999999999"],
  ["range", "bytes="],
  ["if-none-match", "*"],
  ["if-none-match", '"x"'],
  ["if-none-match", 'W/"x", "y'],
  ["if-none-match", ",,,"],
  ["if-none-match", "x".repeat(6_000)],
  ["if-range", '"x"'],
  ["if-range", "Sat, 01 Jan 2000 00:00:00 GMT"],
  ["x-idempotency-key", "k"],
  ["idempotency-key", "k"],
  ["x-idempotency-key", "a".repeat(256)],
  ["x-idempotency-key", ""],
  ["x-idempotency-key", "é"],
  ["x-idempotency-key", "a\tb"],
  ["origin", "https://evil.example"],
  ["origin", "null"],
  ["origin", ""],
  ["origin", "http://localhost"],
  ["origin", "https://gateway.test"],
  ["accept", "text/event-stream"],
  ["accept", "*/*;q=0"],
  ["accept", ","],
  ["accept-language", "x;q=9"],
  ["last-event-id", "1"],
  ["last-event-id", "-1"],
  ["last-event-id", "é"],
  ["last-event-id", "9".repeat(400)],
  ["content-type", "text/plain"],
  ["content-type", "application/json; charset=utf-16"],
  ["content-type", ""],
  ["content-type", "multipart/form-data"],
  ["content-encoding", "gzip"],
  ["expect", "x"],
  ["x-forwarded-for", "127.0.0.1"],
  ["x-forwarded-host", "evil.example"],
  ["x-http-method-override", "DELETE"],
  ["x-partykit-room", "default/other"],
  ["x-partykit-namespace", "x"],
  ["cf-connecting-ip", "::1"],
  ["sec-websocket-protocol", "roomtone.v1.json"],
  ["sec-websocket-protocol", "roomtone.v1.msgpack, x"],
  ["sec-websocket-protocol", "bearer."],
  ["sec-websocket-protocol", "bearer.a, bearer.b"],
  ["sec-websocket-protocol", ",,"],
  ["upgrade", "h2c"],
  ["upgrade", "WebSocket"],
  ["cookie", "a=b"],
  ["x-long", "y".repeat(7_000)],
  ["access-control-request-method", "PUT"],
  ["access-control-request-headers", "x, authorization"],
];

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "PURGE", "COPY"];

const good: readonly CredentialName[] = credentialNames.slice(0, credentialNames.indexOf("none"));
const bad: readonly CredentialName[] = credentialNames.slice(credentialNames.indexOf("none"));
const credential: fc.Arbitrary<CredentialPlan> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ name: pick<CredentialName>("admin", "writeKey"), as: pick("bearer" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      name: pick(...good),
      as: weighted(
        pick<CredentialPlan["as"]>("bearer"),
        4,
        pick<CredentialPlan["as"]>("query", "subprotocol", "basic", "lower case"),
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      name: pick(...bad),
      as: pick<CredentialPlan["as"]>("bearer", "basic", "bare", "lower case", "query", "subprotocol"),
    }),
  },
);

const bodyEdit: fc.Arbitrary<BodyEdit> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      op: pick("set" as const, "repeat" as const),
      at: index,
      value: fc.nat(nastyValues.length - 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: pick("drop" as const), at: index }) },
  {
    weight: 2,
    arbitrary: fc.record({
      op: pick("add" as const),
      at: index,
      key: pick("__proto__", "constructor", "x", "", "metadata", "session_id", "toJSON", "\uD800"),
      value: fc.nat(nastyValues.length - 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      op: pick("nest" as const),
      at: index,
      levels: pick(1, 50, 1_500, 30_000),
      how: pick("array" as const, "map" as const),
    }),
  },
);

const someBytes = fc.array(fc.nat(255), { minLength: 1, maxLength: 4 });
const bodyBytes: fc.Arbitrary<BodyBytes> = fc.oneof(
  fc.record({
    op: pick("whole" as const),
    text: pick(
      "",
      " ",
      "{",
      "null",
      "[]",
      '"x"',
      "0",
      "{}",
      "nul",
      "\u0000",
      "a=b&c=d",
      "[".repeat(100_000),
      '{"a":'.repeat(40_000),
    ),
  }),
  fc.record({ op: pick("cut" as const), at: index }),
  fc.record({
    op: pick("prefix" as const, "suffix" as const),
    bytes: pick([0xef, 0xbb, 0xbf], [0xff, 0xfe], [0], [0xc3], [0x20], [0x7d]),
  }),
  fc.record({ op: pick("insert" as const), at: index, bytes: someBytes }),
  fc.record({ op: pick("pad" as const), to: pick(4_096, 4_097, 65_537, 262_145, 1_048_577) }),
  fc.record({ op: pick("utf-16" as const) }),
);

export const requestPlans: fc.Arbitrary<RequestPlan> = fc.record({
  operation: pick(...operationIds),
  method: weighted(fc.constant(undefined), 6, pick<string | undefined>(...methods)),
  session,
  part: weighted(pick("good", "good", "c1", "mic", "1", "mixed"), 4, pick(...badIds)),
  path: weighted(fc.constant<PathEdit[]>([]), 5, fc.array(pathEdit, { minLength: 1, maxLength: 3 })),
  query: weighted(fc.constant<[string, string][]>([]), 1, upTo(4, query)),
  headers: weighted(fc.constant<(readonly [string, string])[]>([]), 1, upTo(4, pick(...headerChoices))),
  isUpgrade: weighted(fc.constant(false), 8, fc.constant(true)),
  credential,
  body: fc.record({
    edits: weighted(upTo(2, bodyEdit), 2, fc.constant<BodyEdit[]>([])),
    bytes: weighted(fc.constant<BodyBytes[]>([]), 4, fc.array(bodyBytes, { minLength: 1, maxLength: 2 })),
    isChunked: weighted(fc.constant(false), 4, fc.constant(true)),
    lie: weighted(fc.constant<number | undefined>(undefined), 50, pick<number | undefined>(0, 1, 10_000, 5_000_000)),
  }),
});
