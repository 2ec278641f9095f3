/** The results library where it is refused: too much, too busy, and a token that has expired. */
import { describe, expect, test } from "vitest";
import { createResultsClient, encodeBase64, type ResultsClientOptions, RoomtoneHttpError } from "../../client/index.ts";
import { retryDelayMs } from "../../client/results/retry.ts";
import { html, json, type Line, problem, scriptedGateway, scriptedTraceId } from "./support/scripted-gateway.ts";

const audio = { content_b64: encodeBase64(new Uint8Array(2)), format: "pcm_s16le" };
const settings = {
  session_id: "s",
  status: "open",
  title: null,
  metadata: {},
  resolve: { auto: true, window_chunks: 5 },
  retention_days: null,
  auto_finalize_after_ms: 0,
};
const now = { "retry-after": "0" };

describe("[L1] a refused request did nothing: it is sent again, whatever it asks for", () => {
  const refusals = ["rate_limited", "too_many_sessions", "keys_unavailable"] as const;
  test.each(refusals)("%s, then an answer", async (code) => {
    const gateway = await scriptedGateway(problem(code, now), json(settings, 201));
    // Without an id, a second session would be opened if the first request had been done.
    expect(await createResultsClient({ baseUrl: gateway.url }).createSession()).toEqual(settings);
    expect(gateway.asked).toHaveLength(2);
  });

  test("not before Retry-After", () => {
    const call = { method: "POST", path: "v1/sessions", traceId: "" } as const;
    const refused = (retryAfterMs: number) =>
      new RoomtoneHttpError(call, { code: "rate_limited", status: 429, detail: "", retryAfterMs });
    expect(retryDelayMs(refused(7_000), 1, 0)).toBe(7_250);
    expect(retryDelayMs(refused(61_000), 1, 0)).toBeUndefined();
  });

  test("a Retry-After that is a date is one of the gateway's clock, whatever this machine's says", async () => {
    const headers = { date: "Thu, 01 Jan 1970 00:00:00 GMT", "retry-after": "Thu, 01 Jan 1970 01:00:00 GMT" };
    const gateway = await scriptedGateway(problem("rate_limited", headers));
    const asking = createResultsClient({ baseUrl: gateway.url }).resolve("s", { audio });
    await expect(asking).rejects.toMatchObject({ retryAfterMs: 3_600_000 });
  });

  test("[V1] a wait is told before it begins, with its reason: of a call and of a stream of events", async () => {
    const waits: [number, string, boolean][] = [];
    const options = (gateway: { url: string }): ResultsClientOptions => ({
      baseUrl: gateway.url,
      retries: 1,
      onWait: ({ attempt, why, delayMs }) => waits.push([attempt, why, delayMs > 0]),
    });
    const why = expect.stringContaining("rate_limited: A sentence.") as string;
    const gateway = await scriptedGateway(problem("rate_limited", now), json(settings, 201));
    await createResultsClient(options(gateway)).createSession();
    expect(waits).toEqual([[1, why, true]]);
    const busy = await scriptedGateway(problem("rate_limited", now));
    await expect(createResultsClient(options(busy)).liveEvents("s")[Symbol.asyncIterator]().next()).rejects.toThrow(
      "A sentence.",
    );
    // What is given up is no wait.
    expect(waits).toEqual([
      [1, why, true],
      [1, why, true],
    ]);
  });

  test.each([Number.NaN, -1, "3", null] as unknown[])(
    "[V5] a number of a caller that is none is refused by name: %j",
    async (wrong) => {
      const gateway = await scriptedGateway(json(settings, 201));
      const value = wrong as number;
      expect(() => createResultsClient({ baseUrl: gateway.url, retries: value })).toThrow(/^retries must be 0 or more/);
      expect(() => createResultsClient({ baseUrl: gateway.url, timeoutMs: value })).toThrow(
        /^timeoutMs must be 1 or more/,
      );
      const client = createResultsClient({ baseUrl: gateway.url });
      const waiting = { maxWaitMs: value };
      await expect(client.finalize("s", {}, waiting)).rejects.toThrow(/^maxWaitMs must be 0 or more/);
      await expect(client.deleteSession("s", waiting)).rejects.toThrow(/^maxWaitMs must be 0 or more/);
      await expect(client.transcribe("s", waiting)).rejects.toThrow(/^maxWaitMs must be 0 or more/);
      await expect(client.tts({ text: "a" }, { timeoutMs: value })).rejects.toThrow(/^timeoutMs must be 1 or more/);
      expect(gateway.asked).toEqual([]);
    },
  );

  test("it is given up with what the gateway said", async () => {
    const gateway = await scriptedGateway(problem("rate_limited", now));
    const asking = createResultsClient({ baseUrl: gateway.url, retries: 1 }).resolve("s", { audio });
    await expect(asking).rejects.toMatchObject({
      name: "RoomtoneHttpError",
      code: "rate_limited",
      status: 429,
      detail: "A sentence.",
      traceId: scriptedTraceId,
      retryAfterMs: 0,
    });
    expect(gateway.asked).toHaveLength(2);
  });

  test("at once where the wait is the caller's to decide, which the message says", async () => {
    const gateway = await scriptedGateway(problem("too_many_sessions", { "retry-after": "61" }));
    const opening = createResultsClient({ baseUrl: gateway.url }).createSession();
    await expect(opening).rejects.toThrow("HTTP 429, too_many_sessions: A sentence. Ask again after 61 s.");
    expect(gateway.asked).toHaveLength(1);
  });

  test("not where a proxy says so: behind it, it may have been done", async () => {
    const gateway = await scriptedGateway(html(503));
    const opening = createResultsClient({ baseUrl: gateway.url }).createSession();
    await expect(opening).rejects.toMatchObject({ code: "unexpected_answer" });
    expect(gateway.asked).toHaveLength(1);
  });
});

async function ask(script: readonly Line[], options: Partial<ResultsClientOptions>) {
  const gateway = await scriptedGateway(...script);
  const client = createResultsClient({ baseUrl: gateway.url, ...options });
  const answer = await client.createSession().catch((cause: unknown) => cause);
  return { answer, sent: gateway.asked.map(({ headers }) => headers.authorization) };
}
const counting = (): (() => string) => {
  let asked = 0;
  return () => `t${(asked += 1)}`;
};

describe("[P5] a token that has expired", () => {
  const expired = problem("token_expired");
  test("the provider is asked once more, and the request sent again, also without retries", async () => {
    const { answer, sent } = await ask([expired, json(settings, 201)], { token: counting(), retries: 0 });
    expect(answer).toEqual(settings);
    expect(sent).toEqual(["Bearer t1", "Bearer t2"]);
  });

  test("once: the second refusal is told", async () => {
    const { answer, sent } = await ask([expired], { token: counting() });
    expect(answer).toMatchObject({ code: "token_expired", status: 401, traceId: scriptedTraceId });
    expect(sent).toHaveLength(2);
    expect(String(answer)).not.toContain("t2");
  });

  test("a fixed token can't get any better, and nor does one that is wrong", async () => {
    expect((await ask([expired], { token: "t" })).sent).toHaveLength(1);
    expect((await ask([problem("unauthorized")], { token: counting() })).sent).toHaveLength(1);
  });

  test("the event log goes on with the next one", async () => {
    const gateway = await scriptedGateway(expired, (response) => void response.writeHead(204).end());
    const client = createResultsClient({ baseUrl: gateway.url, token: counting(), retries: 0 });
    for await (const _ of client.liveEvents("s")) expect.unreachable();
    expect(gateway.asked.map(({ headers }) => headers.authorization)).toEqual(["Bearer t1", "Bearer t2"]);
  });
});
