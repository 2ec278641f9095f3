/** How much may be sent: each body, list, text and number at its limit, and one beyond. */
import { describe, expect, test } from "vitest";
import { sessionResultSchema } from "../../schemas/http/result.ts";
import { limits } from "../../schemas/limits.ts";
import { type Operation, operations } from "../../schemas/http/operations.ts";
import { encode } from "@msgpack/msgpack";
import { chunkFrame, pcmOf, range } from "./support/audio.ts";
import { gateway } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { gatewayWith, jwtSecret } from "./support/doors.ts";
import { createSession, get, post, resolve, send } from "./support/http.ts";
import { answerTo, inference } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { bodies, statusOf, type WithBody } from "./support/sized-bodies.ts";
import { eventually } from "./support/waiting.ts";

const bodyRows = Object.entries(bodies).map(([id, [tag, body]]) => ({ id: id as WithBody, tag, body }));
const withSecret = gatewayWith({ JWT_SECRET: jwtSecret }, "http://localhost");

const codeOf = async (answer: Response): Promise<string> => {
  const { code = "" } = await answer.json<{ code?: string }>();
  return `${answer.status} ${code}`.trim();
};

/** A session with a speaker and a turn. */
async function opened(): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  inference(room.sessionId, (request) => Response.json(answerTo(request)));
  await createSession(room.sessionId, {});
  await resolve(room.sessionId);
  return room;
}

function ask(id: WithBody, sessionId: string, body: BodyInit, headers: Record<string, string> = {}): Promise<Response> {
  const { method, path }: Operation = operations[id];
  const partOf = (name: string): string | undefined => ({ session_id: sessionId, track: "mic", event_id: "1" })[name];
  const filled = path.replaceAll(/:(\w+)/g, (_, name: string) => partOf(name) ?? "c1");
  return withSecret(filled, { method, body, headers });
}

/** A body that comes in pieces, of which nobody knows how many there are. */
class Pieces {
  taken = 0;
  readonly stream: ReadableStream<Uint8Array>;

  constructor(text: string, pieceBytes = 65_536) {
    const bytes = new TextEncoder().encode(text);
    this.stream = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          if (this.taken >= bytes.length) return controller.close();
          const piece = bytes.subarray(this.taken, this.taken + pieceBytes);
          this.taken += piece.length;
          return controller.enqueue(piece);
        },
      },
      { highWaterMark: 0 },
    );
  }
}

describe("bodies", () => {
  test("every operation with a body has one here", () => {
    const withBody = Object.entries(operations).filter(([, operation]) => "body" in operation);
    expect(withBody.map(([id]) => id).sort()).toEqual(bodyRows.map(({ id }) => id).sort());
  });

  test.each(bodyRows)("[L7] $tag of $id, with Content-Length and without", async ({ id, body }) => {
    const { maxBytes } = operations[id].body;
    const room = await opened();
    const before = await room.dump(["jobs", "meta"]);
    const text = JSON.stringify(body);
    const [longest, longer] = [text.padEnd(maxBytes), text.padEnd(maxBytes + 1)];
    const refused = [
      await ask(id, room.sessionId, longer),
      await ask(id, room.sessionId, new Pieces(longer).stream),
      await ask(id, room.sessionId, new Pieces(longer).stream, { "content-length": String(text.length) }),
      await ask(id, room.sessionId, text, { "content-length": String(maxBytes + 1) }),
    ];
    for (const answer of refused) expect(await codeOf(answer)).toBe("413 body_too_large");
    expect(await room.dump(["jobs", "meta"])).toEqual(before);
    const read = [
      await ask(id, room.sessionId, longest),
      await ask(id, room.sessionId, new Pieces(longest).stream),
      await ask(id, room.sessionId, longest, { "content-length": String(maxBytes) }),
    ];
    for (const answer of read) expect(answer.status).not.toBe(413);
    expect(read[0]?.status).toBe(statusOf[id]);
  });

  test("[L7] a body too long is left where it is: what comes beyond the limit is not read", async () => {
    const { sessionId } = await opened();
    const { maxBytes } = operations.bindSpeaker.body;
    const endless = new Pieces("x".repeat(20 * maxBytes), 1_024);
    expect((await ask("bindSpeaker", sessionId, endless.stream)).status).toBe(413);
    expect(endless.taken).toBeLessThanOrEqual(maxBytes + 2 * 1_024);
    const announced = new Pieces("x".repeat(20 * maxBytes), 1_024);
    const headers = { "content-length": String(20 * maxBytes) };
    expect((await ask("bindSpeaker", sessionId, announced.stream, headers)).status).toBe(413);
    expect(announced.taken).toBe(0);
  });
});

const create = (config: object): Promise<Response> => send("POST", "/v1/sessions", config);
const say = async (utterances: readonly object[]): Promise<Response> =>
  post((await shared).sessionId, "utterances", { utterances });
const utterance = { text: "a", start_ms: 0, end_ms: 1 };
const shared = opened();
const ofShared = async (path: string): Promise<Response> => get((await shared).sessionId, path);
const resolveShared = async (body: object): Promise<Response> => resolve((await shared).sessionId, {}, body);
const urlOf = (chars: number): string => "https://hooks.example/".padEnd(chars, "x");
const roster = (count: number): object => ({ roster: range(1, count).map((n) => ({ name: `n${n}` })) });
const finalizeWith = async (grace_ms: number): Promise<Response> =>
  post((await opened()).sessionId, "finalize", { grace_ms });
/** An answer of the speaker-resolve service that is changed in some way. */
async function answered(change: (text: ReturnType<typeof answerTo>) => object | string): Promise<Response> {
  const sessionId = newSession();
  inference(sessionId, (request) => {
    const changed = change(answerTo(request));
    return typeof changed === "string" ? new Response(changed) : Response.json(changed);
  });
  return resolve(sessionId);
}
const segments = (count: number): object[] =>
  range(1, count).map((n) => ({ start_ms: n, end_ms: n + 1, cluster_id: "c1" }));
const padded =
  (bytes: number) =>
  (answer: object): string =>
    JSON.stringify(answer).padEnd(bytes);
const clusters =
  (count: number) =>
  (answer: ReturnType<typeof answerTo>): object => ({
    ...answer,
    updated_state: {
      ...answer.updated_state,
      clusters: range(1, count).map((n) => ({ cluster_id: `c${n}`, centroid: [], sample_count: 1 })),
    },
  });

const values: readonly [title: string, ask: (value: number) => Promise<Response>, max: number, refusal: string][] = [
  [
    "[limit:maxUtterancesPerRequest] utterances",
    (count) => say(Array.from({ length: count }, () => utterance)),
    limits.maxUtterancesPerRequest,
    "400 bad_request",
  ],
  [
    "[limit:maxUtteranceChars] characters",
    (count) => say([{ ...utterance, text: "a".repeat(count) }]),
    limits.maxUtteranceChars,
    "400 bad_request",
  ],
  [
    "[limit:maxUtteranceMs] ms of one utterance",
    (ms) => say([{ ...utterance, start_ms: 5, end_ms: 5 + ms }]),
    limits.maxUtteranceMs,
    "400 bad_request",
  ],
  [
    "[limit:maxShortTextChars] characters of a speaker",
    (count) => say([{ ...utterance, speaker: "a".repeat(count) }]),
    limits.maxShortTextChars,
    "400 bad_request",
  ],
  [
    "[limit:maxEventsPerPage] events of a page",
    (count) => ofShared(`events?limit=${count}`),
    limits.maxEventsPerPage,
    "400 bad_request",
  ],
  [
    "[limit:maxSessionsPerPage] sessions of a page",
    (count) => gateway(`/v1/sessions?limit=${count}`),
    limits.maxSessionsPerPage,
    "400 bad_request",
  ],
  [
    "[limit:maxListQueryChars] characters that the list is searched for",
    (count) => gateway(`/v1/sessions?q=${"a".repeat(count)}`),
    limits.maxListQueryChars,
    "400 bad_request",
  ],
  [
    "[limit:maxTitleChars] characters of a title",
    (count) => create({ title: "a".repeat(count) }),
    limits.maxTitleChars,
    "400 bad_request",
  ],
  [
    "[limit:maxAsrTextChars] characters that were said",
    (count) => resolveShared({ asr_text: "a".repeat(count) }),
    limits.maxAsrTextChars,
    "400 bad_request",
  ],
  ["[limit:maxRosterEntries] names", (count) => create(roster(count)), limits.maxRosterEntries, "400 bad_request"],
  [
    "[limit:maxWindowChunks] seconds of a window",
    (window_chunks) => create({ resolve: { window_chunks } }),
    limits.maxWindowChunks,
    "400 bad_request",
  ],
  [
    "[limit:maxRetentionDays] days",
    (retention_days) => create({ retention_days }),
    limits.maxRetentionDays,
    "400 bad_request",
  ],
  [
    "[limit:maxAutoFinalizeMs] ms without audio",
    (auto_finalize_after_ms) => create({ auto_finalize_after_ms }),
    limits.maxAutoFinalizeMs,
    "400 bad_request",
  ],
  [
    "[limit:maxWebhookUrlChars] characters of an address",
    (chars) => create({ webhook_url: urlOf(chars) }),
    limits.maxWebhookUrlChars,
    "400 bad_request",
  ],
  ["[limit:maxFinalizeGraceMs] ms of grace", finalizeWith, limits.maxFinalizeGraceMs, "400 bad_request"],
  [
    "[limit:maxSegmentsPerAnswer] turns of an answer",
    (count) => answered((answer) => ({ ...answer, segments: segments(count) })),
    limits.maxSegmentsPerAnswer,
    "502 inference_failed",
  ],
  [
    "[limit:maxInferenceAnswerBytes] bytes of an answer",
    (bytes) => answered(padded(bytes)),
    limits.maxInferenceAnswerBytes,
    "502 inference_failed",
  ],
  [
    "[limit:maxClusters] clusters of an answer",
    (count) => answered(clusters(count)),
    limits.maxClusters,
    "502 inference_failed",
  ],
];

/** The WAV that finalize made of two seconds, the first and another. */
async function wavOf(last: number): Promise<unknown> {
  const { sessionId } = await opened();
  const client = await Client.connect(sessionId);
  await client.keepAll([1, last]);
  expect((await post(sessionId, "finalize")).status).toBe(200);
  const result = sessionResultSchema.parse(await (await get(sessionId, "result")).json());
  return result.audio[0]?.wav;
}

describe("values", () => {
  test.each(values)("[L7] %s: as many as may be, and one more", async (_, askFor, max, refusal) => {
    const answer = await askFor(max);
    expect(answer.ok).toBe(true);
    expect(await codeOf(await askFor(max + 1))).toBe(refusal);
  });

  test("[L7] [limit:minAutoFinalizeMs] a second without audio is the shortest, but for never", async () => {
    const asked = [limits.minAutoFinalizeMs, limits.minAutoFinalizeMs - 1, 0];
    const answers = await Promise.all(asked.map((auto_finalize_after_ms) => create({ auto_finalize_after_ms })));
    expect(answers.map(({ status }) => status)).toEqual([201, 400, 201]);
  });

  test("[S1] [limit:maxQueuedResolveChars] audio that waits, all together", async () => {
    const sessionId = newSession();
    const held = Promise.withResolvers<void>();
    const requests = inference(sessionId, async (request) => {
      await held.promise;
      return Response.json(answerTo(request));
    });
    const askWith = (chars: number): Promise<Response> =>
      resolve(sessionId, {}, { audio: { content_b64: "A".repeat(chars), format: "pcm_s16le" } });
    const half = limits.maxQueuedResolveChars / 2;
    const first = askWith(half);
    await eventually("the first is at the service", () => requests.length === 1);
    // Whichever comes first fills the queue to the last character: it waits, and the other is refused.
    const others = [askWith(half), askWith(half)];
    expect(await codeOf((await Promise.race(others)).clone())).toBe("503 resolve_queue_full");
    expect(await codeOf(await askWith(4))).toBe("503 resolve_queue_full");
    held.resolve();
    const statuses = (await Promise.all([first, ...others])).map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
  });

  test("[S3] [limit:maxIdempotencyKeys] the newest answers are kept, and the one before them is not", async () => {
    const room = await opened();
    const requests = inference(room.sessionId, (request) => Response.json(answerTo(request)));
    const replays = async (key: string): Promise<boolean> =>
      (await resolve(room.sessionId, { "x-idempotency-key": key })).headers.get("x-idempotent-replay") === "true";
    expect(await replays("k1")).toBe(false);
    await room.rows(
      `INSERT INTO idempotent_requests (subject, key, digest, at, answer)
       SELECT subject, 'k' || json_each.value, digest, at, answer
       FROM idempotent_requests AS first, json_each(?) WHERE first.key = 'k1'`,
      JSON.stringify(range(2, limits.maxIdempotencyKeys)),
    );
    expect(await replays("k1")).toBe(true);
    expect(await replays("new")).toBe(false);
    expect(await replays("k2")).toBe(true);
    expect(await replays("new")).toBe(true);
    expect(await replays("k1")).toBe(false);
    expect(requests).toHaveLength(3);
    expect(await room.count("idempotent_requests")).toBe(limits.maxIdempotencyKeys);
  });

  test("[A2] [limit:maxSilentWavSeconds] seconds that one WAV may lack beyond as many as it has", async () => {
    // Two are kept, so as many as 2 + 600 may lack.
    expect(await wavOf(limits.maxSilentWavSeconds + 5)).toBeNull();
    expect(await wavOf(limits.maxSilentWavSeconds + 4)).not.toBeNull();
  });
});

/** A frame of exactly so many bytes. */
function paddedTo(frame: object, bytes: number): Uint8Array {
  // An empty bin of two-byte length, as one of these sizes has.
  const bare = encode({ ...frame, pad: new Uint8Array(256) }).byteLength - 256;
  return encode({ ...frame, pad: new Uint8Array(bytes - bare) });
}

describe("sockets", () => {
  test("[L7] [W7] [limit:maxMessageBytes] a binary frame of 65,536 bytes is read, one more is too large", async () => {
    const room = await opened();
    const client = await Client.connect(room.sessionId, { encoding: "msgpack" });
    const frame = chunkFrame({ sessionId: room.sessionId, seq: 1, pcm: pcmOf(1), encoding: "msgpack" });
    client.sendBytes(paddedTo(frame, limits.maxMessageBytes));
    expect(await client.nextOf("ack")).toMatchObject({ seq: 1 });
    client.sendBytes(paddedTo({ ...frame, seq: 2 }, limits.maxMessageBytes + 1));
    expect(await client.nextOf("error")).toMatchObject({ code: "message_too_large" });
    await client.expectClose(4413);
    expect(await room.count("ledger")).toBe(1);
  });

  test("[W4] [limit:maxInFlightFrames] is announced; a client with more in flight is acked all the same", async () => {
    const { sessionId } = await opened();
    const client = await Client.connect(sessionId, { encoding: "msgpack" });
    expect((await client.hello()).limits.max_in_flight).toBe(limits.maxInFlightFrames);
    expect(await client.keepAll(range(1, limits.maxInFlightFrames + 1))).toHaveLength(limits.maxInFlightFrames + 1);
  });

  test("[W12] [limit:maxReplayEvents] as many events as are replayed, and one more", async () => {
    const room = await opened();
    await room.rows(
      `INSERT INTO events (event_id, at, body) SELECT value, 0, '{"type":"track.opened","by":"room"}' FROM json_each(?)`,
      JSON.stringify(range(2, limits.maxReplayEvents + 1)),
    );
    await room.evict();
    const watch = async (after: number): Promise<Client> => {
      const headers = { upgrade: "websocket" };
      return Client.over(
        await gateway(`/v1/sessions/${room.sessionId}/live?after=${after}`, { headers }),
        room.sessionId,
      );
    };
    expect((await (await watch(1)).nextOf("event")).event.event_id).toBe(2);
    const late = await watch(0);
    expect(await late.nextOf("error")).toMatchObject({ code: "replay_too_long" });
    await late.expectClose(4400);
  });
});
