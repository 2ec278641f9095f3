/** The library and the command, where audio and texts of no meeting are heard and spoken. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, test } from "vitest";
import { createResultsClient, RoomtoneHttpError, RoomtoneNetworkError } from "../../client/index.ts";
import { addSpeechCommands } from "../../client/cli/speech-commands.ts";
import { limits } from "../../schemas/limits.ts";
import { json, type Line, problem, scriptedGateway } from "./support/scripted-gateway.ts";

const segments = [
  { start_ms: 100, end_ms: 900, text: "Good <morning>." },
  { start_ms: 61_200, end_ms: 62_000, text: "Shall\nwe?" },
];
const said = {
  text: "Good <morning>. Shall we?",
  language: "en",
  duration_ms: 62_000,
  segments,
  model: "embedded/moonshine-tiny",
  usage: { audio_ms: 62_000, cost_nano_usd: 0, is_estimated: false },
};
const event = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const events =
  (...texts: readonly string[]): Line =>
  (response) =>
    void response.writeHead(200, { "content-type": "text/event-stream" }).end(texts.join(""));
const heardAll = events(...segments.map((one) => event("segment", one)), event("done", said));
const spoken: Line = (response) =>
  void response
    .writeHead(200, { "content-type": "audio/wav", "x-model": "embedded/flite" })
    .end(Buffer.from("RIFFabcd"));
const samples = new Uint8Array(4);

describe("client.stt", () => {
  test("sends the audio as it is, with what it was told of it, and gives what was heard", async () => {
    const gateway = await scriptedGateway(json(said));
    const client = createResultsClient({ baseUrl: gateway.url, token: "t" });
    const type = "audio/L16; rate=8000";
    expect(await client.stt(samples, { type, language: "en", prompt: "Grace", words: true, model: "a/b" })).toEqual(
      said,
    );
    const [asked] = gateway.asked;
    expect(asked?.path).toBe("/v1/stt?language=en&prompt=Grace&words=true&model=a%2Fb");
    expect(asked?.headers).toMatchObject({ "content-type": "audio/l16; rate=8000", "content-length": "4" });
    await client.stt(new Blob([samples], { type: "audio/webm" }));
    await client.stt(samples.buffer);
    expect(gateway.asked.map(({ headers }) => headers["content-type"]).slice(1)).toEqual(["audio/webm", "audio/wav"]);
  });

  test("with onSegment gives each segment as it comes, then all of it", async () => {
    const gateway = await scriptedGateway(heardAll);
    const heard: string[] = [];
    const all = await createResultsClient({ baseUrl: gateway.url }).stt(samples, {
      onSegment: ({ text }) => heard.push(text),
    });
    expect([all, heard]).toEqual([said, segments.map(({ text }) => text)]);
    expect(gateway.asked[0]?.headers.accept).toBe("text/event-stream");
  });

  test.for<[string, Line, object]>([
    [
      "fails in its middle",
      events(
        event("segment", segments[0]),
        event("error", { code: "model_failed", message: "It failed.", retryable: true }),
      ),
      { name: "RoomtoneHttpError", code: "model_failed", detail: "It failed." },
    ],
    ["ends early", events(event("segment", segments[0])), { name: "RoomtoneNetworkError" }],
    ["is none of the contract", events(event("segment", { text: 1 })), { name: "RoomtoneNetworkError" }],
    ["is no JSON", events("event: segment\ndata: {\n\n"), { name: "RoomtoneNetworkError" }],
  ])("a stream that %s is no whole answer, and is not asked for twice", async ([, line, wanted]) => {
    const gateway = await scriptedGateway(line);
    const call = createResultsClient({ baseUrl: gateway.url }).stt(samples, { onSegment: () => undefined });
    await expect(call).rejects.toMatchObject(wanted);
    expect(gateway.asked).toHaveLength(1);
  });

  test("an abort ends it with its reason, and the connection", async () => {
    const closed = Promise.withResolvers<undefined>();
    const stop = new AbortController();
    const gateway = await scriptedGateway((response) => {
      response.on("close", () => closed.resolve(undefined));
      response.writeHead(200, { "content-type": "text/event-stream" }).write(event("segment", segments[0]));
    });
    const client = createResultsClient({ baseUrl: gateway.url });
    const call = client.stt(samples, { onSegment: () => stop.abort(new Error("enough")), signal: stop.signal });
    await expect(call).rejects.toThrow("enough");
    await closed.promise;
  });

  test("what is too large is not sent", async () => {
    const gateway = await scriptedGateway(json(said));
    const call = createResultsClient({ baseUrl: gateway.url }).stt(
      new ArrayBuffer(limits.maxTranscriptionBodyBytes + 1),
    );
    await expect(call).rejects.toThrow(/send it in parts/);
    expect(gateway.asked).toEqual([]);
  });
});

describe("client.tts", () => {
  test("gives the audio as a stream, and who speaks", async () => {
    const gateway = await scriptedGateway(spoken);
    const client = createResultsClient({ baseUrl: gateway.url });
    const { body, contentType, model } = await client.tts({ text: "Hello", voice: "slt", speed: 2 });
    expect([contentType, model]).toEqual(["audio/wav", "embedded/flite"]);
    expect(await new Response(body).text()).toBe("RIFFabcd");
    expect(JSON.parse(gateway.asked[0]?.body ?? "")).toEqual({ text: "Hello", voice: "slt", speed: 2 });
  });

  test("a part never passes for the whole, a refusal is an error, and no audio is none", async () => {
    const gateway = await scriptedGateway(
      (response) => {
        response.writeHead(200, { "content-type": "audio/wav" });
        response.write("RIFF", () => response.destroy());
      },
      problem("bad_request"),
      json({}),
    );
    const client = createResultsClient({ baseUrl: gateway.url, retries: 0 });
    const cut = async (): Promise<string> => new Response((await client.tts({ text: "Hello" })).body).text();
    await expect(cut()).rejects.toBeInstanceOf(RoomtoneNetworkError);
    await expect(client.tts({ text: "Hello" })).rejects.toBeInstanceOf(RoomtoneHttpError);
    await expect(client.tts({ text: "Hello" })).rejects.toThrow(/not audio/);
  });
});

const folder = mkdtempSync(join(tmpdir(), "roomtone-speech-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "call.wav");
writeFileSync(file, samples);

async function run(
  url: string,
  args: readonly string[],
  isTerminal = false,
): Promise<{ lines: string[]; audio: string; warnings: string[] }> {
  const lines: string[] = [];
  const warnings: string[] = [];
  let audio = "";
  const program = new Command().exitOverride();
  addSpeechCommands(program, {
    env: {},
    signal: new AbortController().signal,
    print: (line) => lines.push(line),
    warn: (line) => warnings.push(line),
    onGateway: () => undefined,
    isTerminal,
    write: async (part) => {
      audio += Buffer.from(part).toString();
    },
  });
  await program.parseAsync([...args, "--url", url], { from: "user" });
  return { lines, audio, warnings };
}

describe("on the command line", () => {
  test("transcribe prints lines as they are heard, captions, or all of it as JSON", async () => {
    const gateway = await scriptedGateway(heardAll, json(said));
    const txt = await run(gateway.url, ["transcribe", file]);
    expect(txt.lines).toEqual(["Good <morning>.", "Shall we?"]);
    const srt = await run(gateway.url, ["transcribe", file, "--format", "srt"]);
    expect(srt.lines).toEqual([
      "1\n00:00:00,100 --> 00:00:00,900\nGood <morning>.\n\n2\n00:01:01,200 --> 00:01:02,000\nShall we?",
    ]);
    const vtt = await run(gateway.url, ["transcribe", file, "--format", "vtt"]);
    expect(vtt.lines[0]).toMatch(/^WEBVTT\n\n00:00:00\.100 --> 00:00:00\.900\nGood &lt;morning&gt;\.\n\n/);
    const whole = await run(gateway.url, ["transcribe", file, "--format", "json"]);
    expect(JSON.parse(whole.lines.join(""))).toEqual(said);
  });

  test.for(["txt", "srt", "vtt", "json"])("a recording in which nothing was heard is told (%s)", async (format) => {
    const nothing = { ...said, text: "", segments: [] };
    const gateway = await scriptedGateway(format === "txt" ? events(event("done", nothing)) : json(nothing));
    const { warnings } = await run(gateway.url, ["transcribe", file, "--format", format]);
    expect(warnings).toEqual([`Nothing was heard in ${file}.`]);
  });

  test("say writes the audio, and nothing else", async () => {
    const gateway = await scriptedGateway(spoken);
    expect(await run(gateway.url, ["say", "Hello", "--voice", "slt"])).toEqual({
      lines: [],
      audio: "RIFFabcd",
      warnings: [],
    });
    expect(JSON.parse(gateway.asked[0]?.body ?? "")).toEqual({ text: "Hello", voice: "slt", format: "wav", speed: 1 });
  });

  const large = join(folder, "large.wav");
  writeFileSync(large, "");
  truncateSync(large, 67_108_865);
  const empty = join(folder, "empty.wav");
  writeFileSync(empty, "");
  test.for<[string[], RegExp, boolean?]>([
    [["transcribe", empty], /empty\.wav is empty: there is nothing in it to hear\./],
    [["transcribe", join(folder, "none.wav")], /There is no file .*none\.wav\./],
    [["transcribe", folder], /is a folder: give an audio file\./],
    [["transcribe", large], /has 67108865 bytes, of 67108864 at most/],
    [["transcribe", file, "--format", "pdf"], /--format is txt, srt, vtt, json\./],
    [["say", "Hello", "--format", "flac"], /--format is wav, pcm, mp3, opus\./],
    [["say", "Hello", "--speed", "9"], /--speed is a number from 0\.25 to 4\./],
    [["say", " "], /There is nothing to say/],
    [["say", "Hello"], /Audio is nothing for a terminal/, true],
  ])("[V4] %j is refused with a sentence, and nothing is asked", async ([args, sentence, isTerminal]) => {
    const gateway = await scriptedGateway(problem("not_found"));
    await expect(run(gateway.url, args, isTerminal)).rejects.toThrow(sentence);
    expect(gateway.asked).toEqual([]);
  });
});
