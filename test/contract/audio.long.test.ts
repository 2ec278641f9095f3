/** A track's audio over HTTP, during the meeting and after it. */
import { once } from "node:events";
import { connect } from "node:net";
import { describe, expect, test } from "vitest";
import { WaveFile } from "wavefile";
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { problemSchema } from "../../schemas/http/problem.ts";
import { sessionResultSchema } from "../../schemas/http/result.ts";
import { helloFields, pcm } from "../../client/testkit/frames.ts";
import { until } from "../../client/testkit/until.ts";
import { ffprobe, isWithoutFfprobe } from "../support/ffprobe.ts";
import { newSession, postJson, problemOf, send } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { TestClient } from "../support/ws-client.ts";

const gateway = useGateway({ env: { RESOLVE_AUTO: "off" } });
const headerBytes = 44;
const seqs = [1, 2, 3, 5, 6, 8];
const paddingSamples = 4_000;
const size = headerBytes + 8 * chunkBytes - 2 * paddingSamples;

type Headers = Record<string, string>;

function urlOf(session: string, query = ""): string {
  return `${gateway.url}/v1/sessions/${session}/audio.wav${query}`;
}

function get(session: string, query = "", headers: Headers = {}, method = "GET"): Promise<Response> {
  return fetch(urlOf(session, query), { method, headers });
}

async function bytesOf(answer: Response): Promise<Buffer> {
  return Buffer.from(await answer.arrayBuffer());
}

async function codeOf(answer: Response): Promise<string> {
  return problemSchema.parse(await answer.json()).code;
}

/** The samples that were sent, gaps as silence, without padding. */
function source(): Buffer {
  const all = Buffer.alloc(8 * chunkBytes);
  for (const seq of seqs) all.set(pcm(1, seq), (seq - 1) * chunkBytes);
  return all.subarray(0, all.length - 2 * paddingSamples);
}

/** A session with gaps and a padded last second, still open. */
async function streamed(): Promise<TestClient> {
  const client = await TestClient.connect(gateway, { session: newSession() });
  for (const seq of seqs) await client.keep(seq);
  client.send({ type: "end", last_seq: 8, padding_samples: paddingSamples });
  await client.next("ended");
  return client;
}

async function finalize(session: string, body: object = {}): Promise<void> {
  const answer = await postJson(gateway, `/v1/sessions/${session}/finalize`, body);
  expect(answer).toMatchObject({ status: 200 });
}

const phases = ["during", "after"] as const;

describe.each(phases)("%s the meeting", (phase) => {
  const ready = async (): Promise<string> => {
    const client = await streamed();
    if (phase === "after") await finalize(client.session);
    await client.leave();
    return client.session;
  };

  test("[A1] the samples that were sent, gaps as silence, padding cut off", async () => {
    const session = await ready();
    const answer = await get(session);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      "content-type": "audio/wav",
      "content-length": String(size),
      "content-disposition": `inline; filename="${session}-mixed.wav"`,
      "accept-ranges": "bytes",
      "cache-control": "private, no-cache",
      etag: expect.stringMatching(/^"[0-9a-z-]+"$/) as string,
      "x-trace-id": expect.stringMatching(/^[0-9a-f]{32}$/) as string,
    });
    const wav = new WaveFile(await bytesOf(answer));
    expect(wav.fmt).toMatchObject({ audioFormat: 1, numChannels: 1, sampleRate: 16_000, bitsPerSample: 16 });
    const samples = wav.getSamples(false, Int16Array) as unknown as Int16Array;
    expect(Buffer.compare(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength), source())).toBe(0);
  });

  test("[A5] HEAD says what GET would, and has no body", async () => {
    const session = await ready();
    for (const query of ["", "?from_ms=500&to_ms=1500"]) {
      const head = await get(session, query, { range: "bytes=0-1" }, "HEAD");
      const whole = await get(session, query);
      expect(head.status, "a Range counts with GET only").toBe(200);
      for (const name of ["content-length", "content-type", "etag", "accept-ranges", "content-disposition"])
        expect(head.headers.get(name), `header ${name}`).toBe(whole.headers.get(name));
      expect((await bytesOf(head)).length).toBe(0);
      expect((await bytesOf(whole)).length).toBe(Number(head.headers.get("content-length")));
    }
  });

  test("[A6] every range is that stretch of the whole", async () => {
    const session = await ready();
    const whole = await bytesOf(await get(session));
    const parts: [string, number, number][] = [
      ["bytes=0-", 0, size],
      ["bytes=0-0", 0, 1],
      ["bytes=0-43", 0, 44],
      ["bytes=40-50", 40, 51],
      ["bytes=44-", 44, size],
      ["bytes=32043-32044", 32_043, 32_045],
      [`bytes=${headerBytes + 3 * chunkBytes - 10}-${headerBytes + 4 * chunkBytes + 9}`, 96_034, 128_054],
      ["bytes=100000-9999999999", 100_000, size],
      ["bytes=-1", size - 1, size],
      ["bytes=-50000", size - 50_000, size],
      ["bytes=-9999999", 0, size],
      [`bytes=${size - 1}-`, size - 1, size],
    ];
    for (const [range, from, to] of parts) {
      const answer = await get(session, "", { range });
      expect(answer.status, `Range: ${range}`).toBe(206);
      expect(answer.headers.get("content-range"), `Range: ${range}`).toBe(`bytes ${from}-${to - 1}/${size}`);
      expect(answer.headers.get("content-length"), `Range: ${range}`).toBe(String(to - from));
      expect(Buffer.compare(await bytesOf(answer), whole.subarray(from, to)), `Range: ${range}`).toBe(0);
    }
    for (const range of [`bytes=${size}-`, "bytes=99999999999-", "bytes=-0"]) {
      const answer = await get(session, "", { range });
      expect(answer.headers.get("content-range"), `Range: ${range}`).toBe(`bytes */${size}`);
      expect([answer.status, await codeOf(answer)], `Range: ${range}`).toEqual([416, "range_not_satisfiable"]);
    }
    for (const range of ["bytes=9-2", "bytes=0-1,5-6", "bytes=x", "lines=0-1", ""]) {
      const answer = await get(session, "", { range });
      expect([answer.status, answer.headers.get("content-range")], `Range: ${range}`).toEqual([200, null]);
      expect((await bytesOf(answer)).length, `Range: ${range}`).toBe(size);
    }
  });

  test("[A6] If-None-Match and If-Range", async () => {
    const session = await ready();
    const etag = (await get(session, "", {}, "HEAD")).headers.get("etag") ?? "";
    const range = "bytes=0-9";
    const status = async (headers: Headers): Promise<number> => {
      const answer = await get(session, "", headers);
      await answer.body?.cancel();
      return answer.status;
    };
    for (const tags of [etag, `W/${etag}`, `"x", ${etag}`, "*"])
      expect(await status({ "if-none-match": tags, range }), `with ${tags}`).toBe(304);
    expect(await status({ "if-none-match": '"x"' })).toBe(200);
    expect(await status({ "if-range": etag, range })).toBe(206);
    for (const other of ['"x"', `W/${etag}`, new Date().toUTCString()])
      expect(await status({ "if-range": other, range }), `with ${other}`).toBe(200);
    expect((await get(session, "", { "if-none-match": etag })).headers.get("etag")).toBe(etag);
  });

  test("[A1] a stretch is a WAV of its own, with ranges inside it", async () => {
    const session = await ready();
    const answer = await get(session, "?track=mixed&from_ms=2500&to_ms=5250");
    const whole = await bytesOf(answer);
    expect(Buffer.compare(whole.subarray(headerBytes), source().subarray(2_500 * 32, 5_250 * 32))).toBe(0);
    expect(new WaveFile(whole).getSamples(false, Int16Array)).toHaveLength(2_750 * 16);
    const part = await get(session, "?track=mixed&from_ms=2500&to_ms=5250", { range: "bytes=30-60" });
    expect(part.headers.get("content-range")).toBe(`bytes 30-60/${whole.length}`);
    expect(Buffer.compare(await bytesOf(part), whole.subarray(30, 61))).toBe(0);
    expect((await bytesOf(await get(session, "?from_ms=7700&to_ms=90000"))).length).toBe(headerBytes + 50 * 32);
    expect((await bytesOf(await get(session, "?from_ms=8000"))).length, "beyond the end: no samples").toBe(headerBytes);
  });

  test("what can't be had says why", async () => {
    const session = await ready();
    const queries: [string, number, string][] = [
      ["?track=Mixed", 400, "invalid_track"],
      ["?track=", 400, "invalid_track"],
      ["?track=mic", 404, "track_not_found"],
      ["?from_ms=-1", 400, "bad_request"],
      ["?from_ms=1.5", 400, "bad_request"],
      ["?from_ms=1e3", 400, "bad_request"],
      ["?from_ms=", 400, "bad_request"],
      ["?to_ms=0", 400, "bad_request"],
      ["?from_ms=5&to_ms=5", 400, "bad_request"],
      ["?from_ms=6&to_ms=5", 400, "bad_request"],
      ["?to_ms=99999999999999999", 400, "bad_request"],
    ];
    for (const [query, status, code] of queries) {
      const answer = await get(session, query);
      expect([answer.status, await codeOf(answer)], `for ${query}`).toEqual([status, code]);
      const head = await get(session, query, {}, "HEAD");
      expect(head.status, `HEAD ${query}`).toBe(status);
    }
    const posted = await postJson(gateway, `/v1/sessions/${session}/audio.wav`, {});
    expect(problemOf(posted).code).toBe("method_not_allowed");
    expect(posted.headers["allow"]).toBe("GET, HEAD");
  });

  test.skipIf(isWithoutFfprobe)("ffprobe reads it over HTTP, and seeks", async () => {
    const url = urlOf(await ready());
    const fields = "format=format_name,duration:stream=codec_name,sample_rate,channels";
    expect(await ffprobe(url, "-show_entries", fields)).toMatchObject({
      format: { format_name: "wav", duration: "7.750000" },
      streams: [{ codec_name: "pcm_s16le", sample_rate: "16000", channels: 1 }],
    });
    const sought = await ffprobe(url, "-read_intervals", "5%+0.2", "-show_entries", "packet=pts_time,pos");
    const [packet] = (sought as { packets: { pts_time: string; pos: string }[] }).packets;
    expect(Number(packet?.pos)).toBe(headerBytes + Number(packet?.pts_time) * chunkBytes);
    expect(Number(packet?.pts_time)).toBeCloseTo(5, 0);
  });
});

test("[A1] the same bytes and the same ETag before finalize and after, and the ones the result names", async () => {
  const client = await streamed();
  const before = await get(client.session);
  const bytes = await bytesOf(before);
  await finalize(client.session);
  const after = await get(client.session);
  expect(after.headers.get("etag")).toBe(before.headers.get("etag"));
  expect(Buffer.compare(await bytesOf(after), bytes)).toBe(0);
  const result = await send(gateway, `/v1/sessions/${client.session}/result`);
  const [entry] = sessionResultSchema.parse(JSON.parse(result.text)).audio;
  const digest = Buffer.from(await crypto.subtle.digest("SHA-256", bytes)).toString("hex");
  expect(entry?.wav).toEqual({ key: `sessions/${client.session}/audio/mixed.wav`, bytes: size, sha256: digest });
  await client.leave();
});

test("[A6] the file grows while the meeting goes on: the ETag says so, and a range of the old one is not mixed in", async () => {
  const client = await TestClient.connect(gateway, { session: newSession() });
  await client.keep(1);
  const first = await get(client.session);
  const etag = first.headers.get("etag") ?? "";
  const settled = (await get(client.session, "?to_ms=1000")).headers.get("etag");
  await client.keep(3);
  const second = await get(client.session, "", { range: "bytes=100-", "if-range": etag });
  expect([second.status, second.headers.get("content-length")]).toEqual([200, String(headerBytes + 3 * chunkBytes)]);
  const tags = [etag, second.headers.get("etag")];
  await client.keep(2);
  tags.push((await get(client.session, "", {}, "HEAD")).headers.get("etag"));
  expect(new Set(tags).size, "a filled gap is another file too").toBe(3);
  expect((await get(client.session, "?to_ms=1000")).headers.get("etag"), "what is settled stays").toBe(settled);
  await client.leave();
});

test("no audio yet: no track, or one with a WAV of no samples", async () => {
  expect(await codeOf(await get(newSession()))).toBe("session_not_found");
  const client = await TestClient.connect(gateway, { session: newSession() });
  expect(await codeOf(await get(client.session))).toBe("track_not_found");
  client.send(helloFields);
  await client.next("ready");
  const empty = await bytesOf(await get(client.session));
  expect(new WaveFile(empty).getSamples(false, Int16Array)).toHaveLength(0);
  await finalize(client.session);
  expect(Buffer.compare(await bytesOf(await get(client.session)), empty)).toBe(0);
  await client.leave();
});

test("without `track` it is `mixed`, else the first by name", async () => {
  const session = newSession();
  const [teacher, mic] = await Promise.all(
    ["teacher", "mic"].map((track) => TestClient.connect(gateway, { session, track })),
  );
  await teacher?.keep(1, { seed: 2 });
  await mic?.keep(1);
  expect(Buffer.compare((await bytesOf(await get(session))).subarray(headerBytes), pcm(1, 1))).toBe(0);
  const other = await get(session, "?track=teacher");
  expect(Buffer.compare((await bytesOf(other)).subarray(headerBytes), pcm(2, 1))).toBe(0);
  await Promise.all([teacher?.leave(), mic?.leave()]);
});

test("[A2] more than a WAV holds: asked for in parts, and not put together", async () => {
  const client = await TestClient.connect(gateway, { session: newSession() });
  await client.keep(1);
  await finalize(client.session, { expect: { mixed: 200_000 } });
  expect(await codeOf(await get(client.session))).toBe("audio_too_long");
  const part = await get(client.session, "?to_ms=2000");
  expect(Buffer.compare((await bytesOf(part)).subarray(headerBytes, headerBytes + chunkBytes), pcm(1, 1))).toBe(0);
  const late = await get(client.session, "?from_ms=199999000");
  expect((await bytesOf(late)).length).toBe(headerBytes + chunkBytes);
  await client.leave();
});

test("[A5] readers that hang up in the middle, or read nothing, harm nobody", async () => {
  const client = await TestClient.connect(gateway, { session: newSession(), encoding: "msgpack" });
  for (let first = 1; first <= 300; first += 30) {
    for (let i = 0; i < 30; i += 1) client.sendChunk(first + i);
    await client.take("ack", 30);
  }
  const { hostname, port } = new URL(gateway.url);
  for (const phase of phases) {
    if (phase === "after") await finalize(client.session);
    const sockets = Array.from({ length: 8 }, () => connect(Number(port), hostname));
    for (const socket of sockets) {
      socket.write(`GET /v1/sessions/${client.session}/audio.wav HTTP/1.1\r\nhost: ${hostname}\r\n\r\n`);
      await once(socket, "data");
      socket.pause();
    }
    for (const socket of sockets) socket.destroy();
    const answer = await until(() => get(client.session, "", { range: "bytes=-32000" }), { what: "an answer" });
    expect(Buffer.compare(await bytesOf(answer), pcm(1, 300))).toBe(0);
  }
  await client.leave();
});
