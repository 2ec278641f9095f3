/** A track's WAV as a stream: its headers, its end, and what becomes of one that is cut, silent or unwanted. */
import type { ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import {
  createResultsClient,
  type ResultsClient,
  type ResultsClientOptions,
  RoomtoneAnswerError,
  RoomtoneNetworkError,
  RoomtoneTimeoutError,
} from "../../client/index.ts";
import { html, type Line, problem, scriptedGateway, type ScriptedGateway } from "./support/scripted-gateway.ts";

const wav = (status: number, headers: Record<string, string | number>, bytes: Uint8Array): Line => {
  const all = { "content-type": "audio/wav", "content-length": bytes.length, etag: '"v1"', ...headers };
  return (response) => void response.writeHead(status, all).end(bytes);
};
/** Says that 100 bytes come, and gives 10. */
const begun = (response: ServerResponse): void => {
  response.writeHead(200, { "content-type": "audio/wav", "content-length": 100 });
  response.write(new Uint8Array(10));
};
const cut: Line = (response) => {
  begun(response);
  setTimeout(() => response.destroy(), 20);
};

async function of(
  script: readonly Line[],
  options: Partial<ResultsClientOptions> = {},
): Promise<{ client: ResultsClient; gateway: ScriptedGateway }> {
  const gateway = await scriptedGateway(...script);
  return { client: createResultsClient({ baseUrl: gateway.url, retries: 1, ...options }), gateway };
}

async function bytesOf(body: ReadableStream<Uint8Array>): Promise<number[]> {
  return [...new Uint8Array(await new Response(body).arrayBuffer())];
}

describe("what is asked for, and what came", () => {
  test("[A1] the whole file", async () => {
    const { client, gateway } = await of([wav(200, {}, Uint8Array.of(1, 2, 3))]);
    const { body, ...told } = await client.audio("s");
    expect(told).toEqual({ length: 3, size: 3, etag: '"v1"', range: undefined });
    expect(await bytesOf(body)).toEqual([1, 2, 3]);
    expect(gateway.asked[0]).toMatchObject({ path: "/v1/sessions/s/audio.wav", headers: { accept: "audio/wav" } });
  });

  test("[A1] a stretch of a track, and a range of that", async () => {
    const { client, gateway } = await of([wav(206, { "content-range": "bytes 4-5/9" }, Uint8Array.of(5, 6))]);
    const { body, ...told } = await client.audio("s", {
      track: "mic",
      fromMs: 0,
      toMs: 1_500,
      range: { from: 4, to: 5 },
      ifRange: '"v1"',
    });
    expect(told).toEqual({ length: 2, size: 9, etag: '"v1"', range: { from: 4, to: 5 } });
    expect(await bytesOf(body)).toEqual([5, 6]);
    expect(gateway.asked[0]).toMatchObject({
      path: "/v1/sessions/s/audio.wav?track=mic&from_ms=0&to_ms=1500",
      headers: { range: "bytes=4-5", "if-range": '"v1"' },
    });
  });

  test("without `to` up to the end", async () => {
    const { client, gateway } = await of([wav(206, { "content-range": "bytes 4-8/9" }, new Uint8Array(5))]);
    expect(await client.audio("s", { range: { from: 4 } })).toMatchObject({ range: { from: 4, to: 8 }, size: 9 });
    expect(gateway.asked[0]?.headers["range"]).toBe("bytes=4-");
  });

  test("a refusal passes before the answer begins", async () => {
    const { client, gateway } = await of([
      problem("rate_limited", { "retry-after": "0" }),
      wav(200, {}, new Uint8Array(1)),
    ]);
    expect(await bytesOf((await client.audio("s")).body)).toEqual([0]);
    expect(gateway.asked).toHaveLength(2);
  });

  test.each([
    ["a page", html(200)],
    ["a part of nobody knows what", wav(206, {}, new Uint8Array(1))],
  ])("%s is no answer", async (_title, line) => {
    await expect((await of([line])).client.audio("s")).rejects.toBeInstanceOf(RoomtoneAnswerError);
  });

  test.each([{ fromMs: -1 }, { toMs: 0.5 }, { range: { from: Number.NaN } }, { range: { from: 0, to: Infinity } }])(
    "%j is sent nowhere",
    async (options) => {
      const { client, gateway } = await of([html(200)]);
      await expect(client.audio("s", options)).rejects.toThrow(TypeError);
      expect(gateway.asked).toEqual([]);
    },
  );
});

describe("a body that does not come to its end", () => {
  test("is an error, and not asked for again", async () => {
    const { client, gateway } = await of([cut]);
    const failed = bytesOf((await client.audio("s")).body);
    await expect(failed).rejects.toBeInstanceOf(RoomtoneNetworkError);
    await expect(failed).rejects.toThrow("GET v1/sessions/s/audio.wav broke off after 10 of 100 bytes: ");
    expect(gateway.asked).toHaveLength(1);
  });

  test("is one too where fetch takes it for an end", async () => {
    const headers = { "content-type": "audio/wav", "content-length": "100" };
    const { client } = await of([], { fetch: () => Promise.resolve(new Response(new Uint8Array(7), { headers })) });
    await expect(bytesOf((await client.audio("s")).body)).rejects.toThrow("broke off after 7 of 100 bytes: too early.");
  });

  test("and so is one that falls silent while somebody reads", async () => {
    const { client } = await of([begun], { timeoutMs: 60 });
    const failed = bytesOf((await client.audio("s")).body);
    await expect(failed).rejects.toBeInstanceOf(RoomtoneTimeoutError);
    await expect(failed).rejects.toThrow("gave nothing for 60 ms, after 10 of 100 bytes.");
  });

  test("the token is in no such error", async () => {
    const body = new ReadableStream<Uint8Array>({ pull: (out) => out.error(new Error("Bearer s3cret failed")) });
    const headers = { "content-type": "audio/wav" };
    const fetch = () => Promise.resolve(new Response(body, { headers }));
    const { client } = await of([], { fetch, token: "s3cret" });
    await expect(bytesOf((await client.audio("s")).body)).rejects.toThrow(
      "broke off after 0 bytes: Bearer [token] failed.",
    );
  });
});

/** A gateway that gives as much as is taken, and a promise that it was hung up on. */
function endless(): { line: Line; written: () => number; closed: Promise<void> } {
  let written = 0;
  const closed = Promise.withResolvers<void>();
  const line: Line = (response) => {
    response.writeHead(200, { "content-type": "audio/wav" });
    response.on("close", closed.resolve);
    const more = (): void => {
      do written += 65_536;
      while (response.write(new Uint8Array(65_536)) && written < 2 ** 30);
    };
    response.on("drain", more);
    more();
  };
  return { line, written: () => written, closed: closed.promise };
}

describe("whoever wants no more", () => {
  test("[A1] nothing is read ahead, however long the file is; leaving it ends the connection", async () => {
    const source = endless();
    const { client } = await of([source.line]);
    const { body } = await client.audio("s");
    const reader = body.getReader();
    await reader.read();
    const seen = new Set<number>();
    // What the kernel and fetch hold between the two: once that is full, nothing moves.
    await expect.poll(() => seen.size === seen.add(source.written()).size, { interval: 50 }).toBe(true);
    expect(source.written()).toBeLessThan(2 ** 25);
    await reader.cancel();
    await source.closed;
  });

  test("an abort ends it with the signal's reason, while it is read and while it is not", async () => {
    for (const isReading of [true, false]) {
      const controller = new AbortController();
      const reason = new Error("enough");
      const closed = Promise.withResolvers<void>();
      const { client } = await of([
        (response) => {
          begun(response);
          response.on("close", closed.resolve);
        },
      ]);
      const { body } = await client.audio("s", { signal: controller.signal });
      const reader = body.getReader();
      await reader.read();
      const early = isReading ? reader.read() : undefined;
      controller.abort(reason);
      await expect(early ?? reader.read()).rejects.toBe(reason);
      await closed.promise;
    }
  });

  test("an abort before the answer begins", async () => {
    const controller = new AbortController();
    const { client } = await of([() => controller.abort(new Error("never mind"))]);
    await expect(client.audio("s", { signal: controller.signal })).rejects.toThrow("never mind");
  });
});
