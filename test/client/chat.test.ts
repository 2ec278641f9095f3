/** The library and the command, where meetings are asked. */
import { Command } from "commander";
import { describe, expect, test } from "vitest";
import { type ChatEvent, createResultsClient } from "../../client/index.ts";
import { addAskCommand } from "../../client/cli/ask-command.ts";
import { type Line, problem, scriptedGateway } from "./support/scripted-gateway.ts";

const place = { n: 1, session_id: "board-7", track: "mic", start_ms: 3_200, end_ms: 5_900, speaker: "Ada" };
const usage = { cost_nano_usd: 0, is_estimated: false };
const end = { model: "embedded/extractive", instead_of: null, found: true, finish_reason: "stop", usage };
const event = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const begin = event("begin", { model: "embedded/extractive", instead_of: null });
const delta = (text: string): string => event("delta", { text });
const events =
  (...texts: readonly string[]): Line =>
  (response) =>
    void response.writeHead(200, { "content-type": "text/event-stream" }).end(texts.join(""));
const answered = events(
  begin,
  delta("Ada said:\n\u001b[2J“Ninth"),
  event("later", { a: 1 }),
  delta(" of March.” [1]"),
  event("citation", place),
  event("done", end),
);

async function all(answer: AsyncIterable<ChatEvent>): Promise<ChatEvent[]> {
  const given: ChatEvent[] = [];
  for await (const one of answer) given.push(one);
  return given;
}

describe("client.chat", () => {
  test("gives the answer as it comes, and the places that it rests on", async () => {
    const gateway = await scriptedGateway(answered);
    const client = createResultsClient({ baseUrl: gateway.url, token: "t" });
    const given = await all(client.chat({ message: "When?", meetings: ["board-7"] }));
    expect(given.map(({ type }) => type)).toEqual(["begin", "delta", "delta", "citation", "done"]);
    expect(given.at(-2)).toEqual({ type: "citation", ...place });
    expect(given.at(-1)).toEqual({ type: "done", ...end });
    expect(JSON.parse(gateway.asked[0]?.body ?? "")).toEqual({ message: "When?", meetings: ["board-7"] });
    expect(gateway.asked[0]?.headers.accept).toBe("text/event-stream");
  });

  test.for<[string, Line, object]>([
    [
      "fails in its middle",
      events(begin, event("error", { code: "model_failed", message: "It failed.", retryable: true })),
      { name: "RoomtoneHttpError", code: "model_failed", detail: "It failed." },
    ],
    ["ends without its end", events(begin, delta("a")), { name: "RoomtoneNetworkError" }],
    ["is none of the contract", events(event("citation", { n: 1 })), { name: "RoomtoneNetworkError" }],
    ["is no JSON", events("event: delta\ndata: {\n\n"), { name: "RoomtoneNetworkError" }],
    ["is a refusal", problem("not_found"), { name: "RoomtoneHttpError", code: "not_found" }],
  ])("an answer that %s is no whole one, and is not asked for twice", async ([, line, wanted]) => {
    const gateway = await scriptedGateway(line);
    const client = createResultsClient({ baseUrl: gateway.url });
    await expect(all(client.chat({ message: "When?" }))).rejects.toMatchObject(wanted);
    expect(gateway.asked).toHaveLength(1);
  });

  test("who leaves it ends the connection", async () => {
    const closed = Promise.withResolvers<undefined>();
    const gateway = await scriptedGateway((response) => {
      response.on("close", () => closed.resolve(undefined));
      response.writeHead(200, { "content-type": "text/event-stream" }).write(begin);
    });
    for await (const _ of createResultsClient({ baseUrl: gateway.url }).chat({ message: "When?" })) break;
    await expect(closed.promise).resolves.toBeUndefined();
  });
});

async function run(
  url: string,
  args: readonly string[],
  warn: (line: string) => void = () => undefined,
  exitWith: (code: number) => void = () => undefined,
): Promise<string[]> {
  const lines: string[] = [];
  const program = new Command().exitOverride();
  const signal = new AbortController().signal;
  addAskCommand(program, {
    env: {},
    signal,
    print: (line) => lines.push(line),
    warn,
    onGateway: () => undefined,
    exitWith,
  });
  await program.parseAsync(["ask", ...args, "--url", url], { from: "user" });
  return lines;
}

describe("roomtone ask", () => {
  test("prints the answer by lines, without what would move the cursor, and the places after it", async () => {
    const gateway = await scriptedGateway(answered);
    const lines = await run(gateway.url, ["When?", "--session", "board-7", "--session", "board-8", "--speaker", "Ada"]);
    expect(lines[0]).toBe("Ada said:");
    expect(lines[1]).toMatch(/“Ninth of March.” \[1\]$/);
    expect(lines.join("")).not.toContain("\u001b");
    expect(lines.slice(2)).toEqual(["", "[1] board-7, mic, 3.2 s to 5.9 s, Ada"]);
    const asked = { message: "When?", meetings: ["board-7", "board-8"], speakers: ["Ada"] };
    expect(JSON.parse(gateway.asked[0]?.body ?? "")).toEqual(asked);
  });

  test.for([
    ["length", /^The answer is cut off/],
    ["content_filter", /withheld/],
  ] as const)("an answer that ends before its end (%s) is told from a whole one", async ([reason, sentence]) => {
    const cut = event("done", { ...end, finish_reason: reason });
    const half = events(begin, delta("It was"), cut);
    const gateway = await scriptedGateway(half, half, answered);
    const [warnings, codes]: [string[], number[]] = [[], []];
    const warn = (line: string): void => void warnings.push(line);
    const exitWith = (code: number): void => void codes.push(code);
    expect(await run(gateway.url, ["When?"], warn, exitWith)).toEqual(["It was"]);
    expect([warnings, codes]).toEqual([[expect.stringMatching(sentence)], [2]]);
    // A program that reads the events as JSON is warned, and gets the exit code, as well.
    expect(await run(gateway.url, ["When?", "--json"], warn, exitWith)).toHaveLength(3);
    expect([warnings, codes]).toEqual([Array(2).fill(expect.stringMatching(sentence)), [2, 2]]);
    await run(gateway.url, ["When?"], warn, exitWith);
    expect([warnings.length, codes]).toEqual([2, [2, 2]]);
  });

  test("[V1] --json is the same JSON, and nothing in it steers a terminal", async () => {
    const text = "a\u009b2Jb\u0085c\u007fd\u2028e\u202ef\u001b[2J";
    const gateway = await scriptedGateway(events(begin, delta(text), event("done", end)));
    const lines = await run(gateway.url, ["When?", "--json"]);
    expect(lines.map((line) => JSON.parse(line) as ChatEvent)[1]).toEqual({ type: "delta", text });
    expect(lines.join("")).not.toMatch(/[\p{Cc}\u2028\u202e]/u);
  });

  test("--json prints each event, and an empty question is refused before anybody is asked", async () => {
    const gateway = await scriptedGateway(answered);
    const lines = await run(gateway.url, ["When?", "--json"]);
    expect(lines.map((line) => (JSON.parse(line) as ChatEvent).type)).toEqual([
      "begin",
      "delta",
      "delta",
      "citation",
      "done",
    ]);
    await expect(run(gateway.url, [" "])).rejects.toThrow("There is nothing to ask");
    expect(gateway.asked).toHaveLength(1);
  });
});
