/** Chat through both Workers, over real sockets: the `openai` package with nothing but its base URL changed, a provider that does all that providers do, and callers who leave. */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import OpenAI, { APIError } from "openai";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../client/testkit/until.ts";
import { within } from "../../client/testkit/within.ts";
import { GatewayProcess } from "../../scripts/local/gateway-process.ts";

const timeoutMs = 120_000;
type Behave = (request: IncomingMessage, response: ServerResponse) => void;
let behave: Behave = (_, response) => response.end();
const provider: Server = createServer((request, response) => {
  request.resume();
  behave(request, response);
});
/** A circuit for each kind of fault. */
const models = Array.from({ length: 8 }, (_, i) => `openai/model-${i}`);
let gateway: GatewayProcess;
let openai: OpenAI;
const session_id = "board-7";

beforeAll(async () => {
  provider.listen(0, "127.0.0.1");
  await once(provider, "listening");
  const { port } = provider.address() as AddressInfo;
  gateway = new GatewayProcess({
    env: {
      OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`,
      RATE_LIMIT_PER_MINUTE: "off",
      CHAT_PER_MINUTE: "off",
      CHAT_MODELS_ALLOWED: models.join(" "),
    },
  });
  await gateway.start();
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: "none is asked for here", maxRetries: 0 });
  const utterances = [
    { text: "When do we launch?", speaker: "Bob" },
    { text: "The launch is on the ninth of March.", speaker: "Ann" },
  ].map((one, i) => ({ ...one, utterance_id: `u${i}`, start_ms: i * 2_000, end_ms: i * 2_000 + 1_500 }));
  await post("/v1/sessions", { session_id });
  const said = await post(`/v1/sessions/${session_id}/utterances`, { utterances });
  if (said.status !== 200) throw new Error(`the utterances were not taken: ${await said.text()}`);
}, timeoutMs);
afterAll(async () => {
  await gateway.dispose();
  provider.close();
  provider.closeAllConnections();
});

const post = (path: string, body: object, more: RequestInit = {}): Promise<Response> =>
  fetch(`${gateway.url}${path}`, { method: "POST", body: JSON.stringify(body), ...more });
const ask = (model: number, more: RequestInit = {}): Promise<Response> =>
  post("/v1/chat", { message: "When is the launch?", meetings: [session_id], model: models[model] }, more);
const streamed = { headers: { accept: "text/event-stream" } };

const chunk = (content: string): string => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
const end = `data: ${JSON.stringify({ choices: [{ delta: {}, finish_reason: "stop" }], usage: { prompt_tokens: 7, completion_tokens: 3 } })}\n\ndata: [DONE]\n\n`;
const sse = (response: ServerResponse): ServerResponse =>
  response.writeHead(200, { "content-type": "text/event-stream" });
const says =
  (...parts: readonly string[]): Behave =>
  (_, response) =>
    void sse(response).end(parts.map(chunk).join("") + end);

describe("the openai package", { timeout: timeoutMs }, () => {
  const messages = [{ role: "user", content: "When is the launch?" }] as const;

  it("[J10] asks, with usage, and meetings beside OpenAI's fields", async () => {
    const body = { model: "gpt-5", messages: [...messages], meetings: [session_id] };
    const answer = await openai.chat.completions.create(body);
    expect(answer.object).toBe("chat.completion");
    expect(answer.model).toBe("embedded/extractive");
    expect(answer.choices[0]?.message.content).toContain("ninth of March");
    expect(answer.choices[0]?.finish_reason).toBe("stop");
    expect(answer.usage?.total_tokens).toBe(
      (answer.usage?.prompt_tokens ?? 0) + (answer.usage?.completion_tokens ?? 0),
    );
    expect(answer).toMatchObject({ citations: [{ n: 1, session_id, start_ms: 2_000, end_ms: 3_500, speaker: "Ann" }] });
  });

  it("[J10] streams, with usage at the end where it is wanted", async () => {
    behave = says("On the ", "ninth.");
    const body: OpenAI.ChatCompletionCreateParamsStreaming = {
      model: models[0] ?? "",
      messages: [...messages],
      stream: true,
      stream_options: { include_usage: true },
    };
    let text = "";
    let usage: unknown;
    for await (const part of await openai.chat.completions.create(body)) {
      text += part.choices[0]?.delta.content ?? "";
      usage = part.usage ?? usage;
    }
    expect([text, usage]).toEqual(["On the ninth.", { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 }]);
  });

  it("[J10] gets its own kind of error, before the first word and after it", async () => {
    behave = (_, response) => void response.writeHead(500).end("secret");
    const body = { model: models[1] ?? "", messages: [...messages] };
    const early = await openai.chat.completions.create(body).catch((error: unknown) => error);
    expect(early).toBeInstanceOf(APIError);
    expect(early).toMatchObject({ status: 502, code: "model_failed" });
    behave = (_, response) => void response.writeHead(429, { "retry-after": "17" }).end("secret");
    const busy = await post("/v1/chat/completions", body);
    expect([busy.status, busy.headers.get("retry-after")]).toEqual([503, "17"]);
    behave = (_, response) => void sse(response).write(chunk("On"), () => setImmediate(() => response.destroy()));
    const late = async (): Promise<string> => {
      let text = "";
      for await (const part of await openai.chat.completions.create({ ...body, stream: true }))
        text += part.choices[0]?.delta.content ?? "";
      return text;
    };
    await expect(late()).rejects.toMatchObject({ code: "model_failed" });
  });
});

describe("a provider", { timeout: timeoutMs }, () => {
  it.each<[string, Behave]>([
    ["an error", (_, response) => void response.writeHead(500).end("secret")],
    ["busy", (_, response) => void response.writeHead(429, { "retry-after": "17" }).end("secret")],
    ["HTML", (_, response) => void response.writeHead(200, { "content-type": "text/html" }).end("<h1>secret</h1>")],
    ["an empty answer", (_, response) => void response.writeHead(204).end()],
    ["a context that is too long", (_, response) => void response.writeHead(400).end('{"error":{"message":"secret"}}')],
    ["cut before a word", (_, response) => void response.destroy()],
    ["no word", (_, response) => void sse(response).end(end)],
    ["an event that is none", (_, response) => void sse(response).end(`data: {"secret\n\n${chunk("On")}${end}`)],
  ])("[J7] %s: the one that quotes answers in its place, and says so", async (_, way) => {
    behave = way;
    const text = await (await ask(2)).text();
    expect(JSON.parse(text)).toMatchObject({ model: "embedded/extractive", instead_of: models[2], found: true });
    expect(text).not.toContain("secret");
  });

  it("[J7] that comes a byte at a time says what it says", async () => {
    behave = (_, response) => {
      const bytes = [...Buffer.from(chunk("Am neunten März 🎉 ") + chunk("[1]") + end)];
      sse(response);
      const next = (): void => {
        const byte = bytes.shift();
        if (byte === undefined) response.end();
        else response.write(Buffer.of(byte), () => setImmediate(next));
      };
      next();
    };
    expect(await (await ask(3)).json()).toMatchObject({ answer: "Am neunten März 🎉 [1]", citations: [{ n: 1 }] });
  });

  it("[J7] that stops for its filter says so, also where it wrote nothing", async () => {
    const stopped = `data: ${JSON.stringify({ choices: [{ delta: {}, finish_reason: "content_filter" }] })}\n\ndata: [DONE]\n\n`;
    for (const words of ["", chunk("On the ")]) {
      behave = (_, response) => void sse(response).end(words + stopped);
      expect(await (await ask(4)).json()).toMatchObject({ model: models[4], finish_reason: "content_filter" });
    }
  });

  it("[J7] that is cut after its first word ends the answer with an error", async () => {
    behave = (_, response) => void sse(response).write(chunk("On the"), () => setImmediate(() => response.destroy()));
    const text = await (await ask(4, streamed)).text();
    expect(text).toContain('"text":"On the"');
    expect(text).toMatch(/event: error\ndata: \{"code":"model_failed".*\n\n$/);
  });

  it("[J7] after eight failures in a row it is left alone, the one that quotes answers, and it comes back by itself", async () => {
    let asked = 0;
    behave = (_, response) => {
      asked += 1;
      response.writeHead(500).end();
    };
    for (let i = 0; i < 9; i += 1) expect(await (await ask(5)).json()).toMatchObject({ instead_of: models[5] });
    expect(asked).toBe(8);
    behave = says("In March [1].");
    const back = await until(
      async () => ((await (await ask(5)).json()) as { instead_of: unknown }).instead_of === null || undefined,
      {
        what: "the model's return",
        timeoutMs: 60_000,
      },
    );
    expect(back).toBe(true);
  });
});

describe("a caller", { timeout: timeoutMs }, () => {
  it.each<[string, string, boolean]>([
    ["before the first word", "/v1/chat", false],
    ["in the middle", "/v1/chat", true],
    ["before the first word, in a chat", "kept", false],
    ["in the middle, in a chat", "kept", true],
    ["in the middle, in OpenAI's shape", "/v1/chat/completions", true],
  ])("[J9] who left %s ends the provider's call within a second", async (_, path, isBegun) => {
    const left = Promise.withResolvers<undefined>();
    const asked = Promise.withResolvers<undefined>();
    behave = (_request, response) => {
      response.on("close", () => left.resolve(undefined));
      if (isBegun) sse(response).write(chunk("On the ninth of March."));
      asked.resolve(undefined);
    };
    const caller = new AbortController();
    const chat = { message: "When is the launch?", meetings: [session_id], model: models[6] };
    const chat_id =
      path === "kept" ? ((await (await post("/v1/chats", {})).json()) as { chat_id: string }).chat_id : undefined;
    const body =
      path === "/v1/chat/completions"
        ? { model: models[6], messages: [{ role: "user", content: "Hi" }], stream: true }
        : { ...chat, ...(chat_id === undefined ? {} : { chat_id }) };
    const call = post(path === "kept" ? "/v1/chat" : path, body, { ...streamed, signal: caller.signal });
    await within(10_000, asked.promise, "The provider was not asked.");
    if (isBegun) await (await call).body?.getReader().read();
    caller.abort();
    await call.catch(() => undefined);
    await within(1_000, left.promise, "The provider's call went on.");
    expect((await fetch(`${gateway.url}/v1/status`)).status).toBe(200);
  });

  it("[J9] a hundred of them at once each get all of their answer", async () => {
    behave = says(...Array.from({ length: 20 }, (_, i) => `part ${i} `));
    const texts = await Promise.all(Array.from({ length: 100 }, async () => (await ask(7, streamed)).text()));
    expect(texts.filter((text) => text.includes("part 19") && /event: done\n/.test(text))).toHaveLength(100);
  });
});

// The last one: it kills the gateway of all the others.
describe("a gateway that is killed in the middle of an answer", { timeout: timeoutMs }, () => {
  it("[J9] gives the rest of it to who comes back with the last event's id, once, and asks nobody a second time", async () => {
    let asked = 0;
    behave = (_, response) => {
      asked += 1;
      sse(response).write(chunk("On the ninth ") + chunk("of March."));
    };
    const { chat_id } = (await (await post("/v1/chats", { model: models[0] })).json()) as { chat_id: string };
    const question = { chat_id, message: "When is the launch?", request_id: "r1", meetings: [session_id] };
    const answer = await post("/v1/chat", { ...question, resumable: true }, streamed);
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    let first = "";
    while (!first.includes("of March.")) first += (await reader?.read())?.value ?? "";
    await gateway.kill9();
    await reader?.cancel().catch(() => undefined);
    await gateway.start();
    const eventsAfter = async (id: string): Promise<string[]> => {
      const headers = { accept: "text/event-stream", "last-event-id": id };
      const rest = await fetch(`${gateway.url}/v1/chats/${chat_id}/answer`, { headers });
      return (await rest.text()).split("\n\n").filter((event) => event !== "");
    };
    const seen = /id: ([\d.]+)\nevent: delta/.exec(first)?.[1] ?? "";
    const rest = await eventsAfter(seen);
    expect(rest.map((event) => /^event: (\w+)/m.exec(event)?.[1])).toEqual(["delta", "error"]);
    expect(rest[0]).toContain("of March.");
    expect(rest[1]).toContain('"retryable":true');
    expect(await eventsAfter(seen)).toEqual(rest);
    // The same request is the same answer, though it broke off.
    expect(await (await post("/v1/chat", question, streamed)).text()).toContain("event: error");
    expect(asked).toBe(1);
    const kept = (await (await fetch(`${gateway.url}/v1/chats/${chat_id}`)).json()) as { messages: object[] };
    expect(kept.messages).toMatchObject([{ role: "user" }, { content: "On the ninth of March.", status: "broken" }]);
  });
});
