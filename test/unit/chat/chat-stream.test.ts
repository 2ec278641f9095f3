import { expect, test } from "vitest";
import type { ChatFinish } from "../../../server/app/ai/chat-port.ts";
import { writtenAtOnce, writtenIn } from "../../../server/app/ai/providers/chat-stream.ts";

function bodyOf(parts: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const part of parts) controller.enqueue(part);
      controller.close();
    },
  });
}

async function read(parts: AsyncGenerator<string, ChatFinish>): Promise<[string, ChatFinish]> {
  let text = "";
  for (let next = await parts.next(); ; next = await parts.next()) {
    if (next.done) return [text, next.value];
    text += next.value;
  }
}

const chunk = (content: string): string => JSON.stringify({ choices: [{ delta: { content } }] });
const end = JSON.stringify({
  choices: [{ delta: {}, finish_reason: "stop" }],
  usage: { prompt_tokens: 3, completion_tokens: 2 },
});
const whole: [string, ChatFinish] = ["Grüße 🎉", { reason: "stop", tokens: { input: 3, output: 2 } }];

test.each([
  ["LF", `: hello\n\ndata: ${chunk("Grüße ")}\n\ndata: ${chunk("🎉")}\n\ndata: ${end}\n\ndata: [DONE]\n\n`],
  [
    "CR LF",
    `event: x\r\nid: 1\r\ndata: ${chunk("Grüße ")}\r\n\r\ndata:${chunk("🎉")}\r\n\r\ndata: ${end}\r\n\r\ndata: [DONE]\r\n\r\n`,
  ],
  ["CR", `\ufeffdata: ${chunk("Grüße ")}\r\rdata: ${chunk("🎉")}\r\rdata: ${end}\r\rdata: [DONE]\r\r`],
  ["lines of one event", `data: {"choices":\ndata: [{"delta":{"content":"Grüße 🎉"}}]}\n\ndata: ${end}\n\n`],
  ["no blank line at the end", `data: ${chunk("Grüße 🎉")}\n\ndata: ${end}\n\ndata: [DONE]`],
  [
    "Workers AI's own",
    `data: {"response":"Grüße "}\n\ndata: {"response":"🎉","usage":{"prompt_tokens":3,"completion_tokens":2}}\n\ndata: [DONE]\n\n`,
  ],
])("[J7] %s, cut at every byte", async (_, text) => {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at <= bytes.length; at += 1) {
    expect(await read(writtenIn(bodyOf([bytes.subarray(0, at), bytes.subarray(at)])))).toEqual(whole);
  }
  expect(await read(writtenIn(bodyOf(Array.from(bytes, (_byte, i) => bytes.subarray(i, i + 1)))))).toEqual(whole);
});

test.each([
  ["an end that nobody announced", `data: ${chunk("a")}\n\n`],
  ["no end at all", ""],
  ["what is no JSON", `data: ${chunk("a")}\n\ndata: {"choices\n\ndata: ${end}\n\n`],
  ["an error", `data: ${chunk("a")}\n\ndata: {"error":{"message":"overloaded"}}\n\ndata: [DONE]\n\n`],
  ["another shape", `data: {"choices":"a"}\n\ndata: [DONE]\n\n`],
  ["an event without an end", `data: ${"x".repeat(1_100_000)}`],
])("[J7] %s is a failure", async (_, text) => {
  await expect(read(writtenIn(bodyOf([new TextEncoder().encode(text)])))).rejects.toThrow(Error);
});

test("[J7] bytes that are no UTF-8 are a failure", async () => {
  await expect(read(writtenIn(bodyOf([Uint8Array.of(0x64, 0x61, 0xff, 0xfe)])))).rejects.toThrow(Error);
});

const said = (fields: object): AsyncGenerator<string, ChatFinish> =>
  writtenAtOnce({ choices: [{ message: { content: "a" }, ...fields }] });

test("[J7] a count that can't be costs nobody the answer, and reasons are told as ours", async () => {
  expect(await read(said({ finish_reason: "content_filter" }))).toEqual([
    "a",
    { reason: "content_filter", tokens: undefined },
  ]);
  expect(await read(said({ finish_reason: "MAX_TOKENS" }))).toEqual(["a", { reason: "length", tokens: undefined }]);
  const wrong = writtenAtOnce({ response: 42, usage: { prompt_tokens: -1, completion_tokens: "many" } });
  expect(await read(wrong)).toEqual(["42", { reason: "stop", tokens: undefined }]);
  await expect(read(writtenAtOnce("a"))).rejects.toThrow(Error);
});
