/** How much of a session's event log its callers may fill, and that a full one can still be finalized and deleted. */
import { expect, test } from "vitest";
import { sessionResultSchema } from "../../schemas/http/result.ts";
import { migrations } from "../../server/gateway/core/migrations.ts";
import { type ReviewStatus, sessionStateSchema } from "../../schemas/http/sessions.ts";
import { limits } from "../../schemas/limits.ts";
import { utterancesAnswerSchema } from "../../schemas/speech/utterances.ts";
import { range, speechOf } from "./support/audio.ts";
import { bearer, guarded } from "./support/doors.ts";
import { answerTo, inference, reviews, sameSpeaker } from "./support/inference.ts";
import { Meeting } from "./support/meeting.ts";
import { codeOf } from "./support/tenant.ts";
import { eventually } from "./support/waiting.ts";

const small = { MAX_LOG_EVENTS: "1000" };
/** What callers have of those; the rest is the room's own. */
const forCallers = 1_000 - Math.floor(1_000 / 16);
const resolveBody = { audio: { content_b64: "AAAA", format: "pcm_s16le" } };
const perRequest = limits.maxUtterancesPerRequest;

class Talker {
  readonly meeting: Meeting;
  readonly #credential: string;
  #said = 0;

  constructor(meeting: Meeting, credential: string) {
    this.meeting = meeting;
    this.#credential = credential;
  }

  static async of(meeting: Meeting, sub: string): Promise<Talker> {
    return new Talker(meeting, await meeting.token(sub, { role: "edit" }));
  }

  send(method: string, path: string, body: object): Promise<Response> {
    const url = `/v1/sessions/${this.meeting.room.sessionId}/${path}`;
    return guarded(url, { method, headers: bearer(this.#credential), body: JSON.stringify(body) });
  }

  /** Says some things nobody has said before. */
  say(count: number, text = "so"): Promise<Response> {
    const utterances = range(1, count).map(() => {
      this.#said += 1;
      return { text, start_ms: this.#said, end_ms: this.#said };
    });
    return this.send("POST", "utterances", { utterances });
  }

  /** Says things until no more is taken. @returns how much was. */
  async fill(text?: string): Promise<number> {
    let taken = 0;
    for (;;) {
      const answer = await this.say(perRequest, text);
      if (answer.status === 413) {
        if ((await codeOf(answer)) === "413 log_full") return taken;
        throw new Error("what is too much is refused with another code");
      }
      const { utterances } = utterancesAnswerSchema.parse(await answer.json());
      taken += utterances.filter(({ status }) => status === "added").length;
    }
  }
}

const eventsOf = (meeting: Meeting): Promise<number> => meeting.room.count("events");

test("[L11] [limit:maxLogEvents] one token has half of what the others leave, another half of the rest, a key what is left", async () => {
  const meeting = await Meeting.open(small);
  const [eve, ada] = [await Talker.of(meeting, "eve"), await Talker.of(meeting, "ada")];
  const key = new Talker(meeting, meeting.tenant.key);
  const forTokens = forCallers - Math.floor(forCallers / 16);
  const first = await eve.fill();
  expect(first).toBe(Math.ceil(forTokens / 2));
  expect(await ada.fill()).toBe(Math.ceil((forTokens - first) / 2));
  await meeting.room.evict();
  // What is left for tokens is not eve's: hers is used up.
  expect(await codeOf(await eve.say(1))).toBe("413 log_full");
  await key.fill();
  expect(await eventsOf(meeting)).toBe(forCallers);
});

test("[L11] [U3] of a request that does not fit, as much as fits is taken, and each of the others is refused by its index", async () => {
  const meeting = await Meeting.open(small);
  const key = new Talker(meeting, meeting.tenant.key);
  for (const _ of range(1, 2)) expect((await key.say(400)).status).toBe(200);
  const answer = await key.say(200);
  expect(answer.status).toBe(207);
  const { utterances } = utterancesAnswerSchema.parse(await answer.json());
  expect(utterances.map(({ status }) => status)).toEqual(
    range(801, 1_000).map((n) => (n <= forCallers ? "added" : "refused")),
  );
  expect(utterances.at(-1)).toMatchObject({ index: 199, code: "log_full" });
  expect(await meeting.room.count("utterances")).toBe(forCallers);
});

test("[L11] [limit:maxLogBytes] long words are counted as what they take, those of one utterance said anew too", async () => {
  const meeting = await Meeting.open({ MAX_LOG_BYTES: "1000000" });
  const key = new Talker(meeting, meeting.tenant.key);
  // Three bytes each.
  const texts = range(1, 200).map((n) => String.fromCharCode(0x4e00 + n).repeat(4_000));
  let taken = 0;
  for (const text of texts) {
    const utterances = [{ utterance_id: "u", text, start_ms: 0, end_ms: 1 }];
    const answer = await key.send("POST", "utterances", { utterances });
    if (answer.status !== 200) break;
    taken += 1;
  }
  expect(taken).toBe(Math.ceil(937_500 / 12_150));
  // What is known already costs nothing.
  const again = [{ utterance_id: "u", text: texts[taken - 1], start_ms: 0, end_ms: 1 }];
  expect((await key.send("POST", "utterances", { utterances: again })).status).toBe(200);
});

test("[L11] [F1] [F7] a full log takes no correction, resolve or retry, keeps audio, and is finalized, read and deleted", async () => {
  const meeting = await Meeting.open(small);
  const { room, tenant } = meeting;
  inference(room.sessionId, (request) => Response.json(sameSpeaker(request)));
  await tenant.send("PATCH", `/v1/sessions/${room.sessionId}`, { resolve: { auto: true, window_chunks: 4 } });
  const key = new Talker(meeting, tenant.key);
  expect((await key.send("POST", "resolve", resolveBody)).status).toBe(200);
  const client = await tenant.connect(room, "mic");
  await client.keepAll(range(1, 4), speechOf);
  await eventually("resolved", async () => (await room.count("tracks", "resolved_seq = 4")) === 1);
  await key.fill();
  const before = await eventsOf(meeting);
  const refused = [
    await key.send("PUT", "bindings/c1", { name: "Ada" }),
    await key.send("PUT", "tracks/mic/origin", { origin_ms: 1 }),
    await key.send("PATCH", "turns/1", { cluster_id: null }),
    await key.send("POST", "resolve", resolveBody),
    await key.send("POST", "resolve/retry", {}),
  ];
  for (const answer of refused) expect(await codeOf(answer)).toBe("413 log_full");
  expect(await eventsOf(meeting)).toBe(before);

  // Its audio goes on, and what can't be resolved any more is told of once.
  await client.keepAll(range(5, 16), speechOf);
  client.send({ type: "end", last_seq: 16 });
  expect(await client.nextOf("ended")).toMatchObject({ complete: true });
  await eventually("given up", async () => (await room.count("tracks", "resolved_seq = 16")) === 1);
  const failed = await room.rows(
    "SELECT json_extract(body, '$.detail') AS detail FROM events WHERE type = 'resolve.failed'",
  );
  expect(failed).toEqual([{ detail: "the session's event log is full" }]);

  const finalized = await tenant.send("POST", `/v1/sessions/${room.sessionId}/finalize`);
  expect(await finalized.json()).toMatchObject({ coverage: 1 });
  const result = sessionResultSchema.parse(await (await resultOf(meeting)).json());
  expect(result.events.at(-1)?.type).toBe("session.finalized");
  expect(result.audio).toMatchObject([{ track: "mic", chunks: 16, ended: true }]);
  expect(await codeOf(await key.say(1))).toBe("413 log_full");
  expect(
    (await guarded(`/v1/sessions/${room.sessionId}`, { method: "DELETE", headers: bearer(tenant.key) })).status,
  ).toBe(200);
});

test("[L11] [R19] a second look that says more than the log has room for is given up whole, and one that fits is taken", async () => {
  const meeting = await Meeting.open(small);
  const { room, tenant } = meeting;
  const key = new Talker(meeting, tenant.key);
  await tenant.send("PATCH", `/v1/sessions/${room.sessionId}`, { resolve: { auto: false, review: false } });
  await (await tenant.connect(room, "mic")).keepAll(range(1, 10), speechOf);
  const free = 50;
  const toSay = forCallers - (await eventsOf(meeting)) - free;
  await key.say(toSay / 2);
  await key.say(toSay / 2);
  await tenant.send("POST", `/v1/sessions/${room.sessionId}/finalize`);
  const lookAgain = async (turns: number): Promise<unknown> => {
    const voices = ["voice_1", "voice_2"] as const;
    const segments = range(0, turns - 1).map((n) => ({
      start_ms: n * 100,
      end_ms: (n + 1) * 100,
      speaker: voices[n % 2] ?? "",
    }));
    reviews(room.sessionId, segments);
    expect((await key.send("POST", "resolve/review", {})).status).toBe(202);
    let [look] = [await reviewOf(meeting)];
    await room.wakeUntil("it was looked at", async () => {
      await scheduler.wait(20);
      look = await reviewOf(meeting);
      return look?.status !== "waiting";
    });
    return look;
  };
  expect(await lookAgain(60)).toMatchObject({ status: "failed", detail: "the session's event log is full" });
  expect(await room.count("events", "type = 'speaker.resolved'")).toBe(0);
  expect(await lookAgain(20)).toMatchObject({ status: "done" });
  expect(await room.count("events", "type = 'speaker.resolved'")).toBe(20);
});

async function reviewOf({ room, tenant }: Meeting): Promise<ReviewStatus | undefined> {
  const state = await guarded(`/v1/sessions/${room.sessionId}/state`, { headers: bearer(tenant.key) });
  return sessionStateSchema.parse(await state.json()).reviews?.[0];
}

function resultOf({ room, tenant }: Meeting): Promise<Response> {
  return guarded(`/v1/sessions/${room.sessionId}/result`, { headers: bearer(tenant.key) });
}

test("[L12] [limit:maxTrackEnds] an end that moves is taken so often, over all connections and finalizes, and then stays", async () => {
  const meeting = await Meeting.open();
  const { room, tenant } = meeting;
  const [half, all] = [limits.maxTrackEnds / 2, limits.maxTrackEnds];
  for (const turns of [range(1, half), range(half + 1, all)]) {
    const client = await tenant.connect(room, "mic");
    for (const n of turns) client.send({ type: "end", last_seq: 10, padding_samples: n });
    for (const _ of turns) await client.nextOf("ended");
    client.close();
  }
  const client = await tenant.connect(room, "mic");
  await client.refused({ type: "end", last_seq: 10, padding_samples: 0 }, "bad_frame");
  await client.refused({ type: "end", last_seq: 11 }, "bad_frame");
  const key = new Talker(meeting, tenant.key);
  const later = await key.send("POST", "finalize", { grace_ms: 60_000, expect: { mic: 12 } });
  expect(await codeOf(later)).toBe("400 bad_request");
  // Where it is said to be already, it is no change.
  client.send({ type: "end", last_seq: 10, padding_samples: all });
  await client.nextOf("ended");
  expect(await room.count("events", "type = 'track.ended'")).toBe(all);
  await (await tenant.connect(room, "other")).keep(1);
  expect((await key.send("POST", "finalize", {})).status).toBe(200);
});

test("[L11] [limit:maxIdempotencyBytes] answers kept for idempotency keys are bounded together: the newest stay", async () => {
  const meeting = await Meeting.open();
  const key = meeting.tenant.key;
  inference(meeting.room.sessionId, (request) =>
    Response.json({ ...answerTo(request), evidence: { s: "x".repeat(1_400_000) } }),
  );
  const ask = (idempotencyKey: string): Promise<Response> =>
    guarded(`/v1/sessions/${meeting.room.sessionId}/resolve`, {
      method: "POST",
      headers: { ...bearer(key), "x-idempotency-key": idempotencyKey },
      body: JSON.stringify(resolveBody),
    });
  for (const n of range(1, 13)) expect((await ask(`k${n}`)).status).toBe(200);
  const [kept] = await meeting.room.rows("SELECT count(*) AS n, min(n) AS first FROM idempotent_requests");
  expect(kept).toEqual({ n: 11, first: 3 });
  expect((await ask("k13")).headers.get("x-idempotent-replay")).toBe("true");
});

test("[K8] [L11] a log that an earlier version wrote counts, and is counted anew after a roll-back", async () => {
  const meeting = await Meeting.open(small);
  const key = new Talker(meeting, meeting.tenant.key);
  const before = migrations.findIndex((made) => typeof made === "string" && made.includes("log_shares"));
  await key.say(300);
  await meeting.room.inside(({ sql }) => {
    sql.exec("DROP TABLE log_shares");
    sql.exec("UPDATE meta SET value = ? WHERE key = 'schema_version'", String(before));
  });
  await meeting.room.evict();
  await key.fill();
  expect(await eventsOf(meeting)).toBe(forCallers);
  await meeting.room.inside(({ sql }) => {
    sql.exec("UPDATE log_shares SET events = 3");
    sql.exec("UPDATE meta SET value = ? WHERE key = 'schema_version'", String(before));
  });
  await meeting.room.evict();
  expect(await codeOf(await key.say(1))).toBe("413 log_full");
});
