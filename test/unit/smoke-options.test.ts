/** Arguments of `npm run smoke` and `npm run demo`, and the progress line. */
import { describe, expect, test } from "vitest";
import { parseDemoOptions } from "../../scripts/demo/demo-command.ts";
import { createProgress } from "../../client/cli/progress.ts";
import { parseSmokeOptions, type SmokeOptions } from "../../scripts/smoke/smoke-command.ts";

const parse = (...argv: string[]): SmokeOptions | undefined => parseSmokeOptions(argv);

describe("smoke options", () => {
  test("defaults", () => {
    expect(parse()).toEqual({
      baseHttp: new URL("http://127.0.0.1:8787/"),
      baseWs: new URL("ws://127.0.0.1:8787/"),
      sessionId: expect.stringMatching(/^smoke-[0-9a-f]{12}$/),
      track: "mixed",
      encoding: "json",
      chunks: undefined,
      file: undefined,
      token: undefined,
      realtime: undefined,
      finalize: false,
    });
  });

  test("each address follows from the other", () => {
    expect(parse("--base-http", "https://rt.example/x")?.baseWs.href).toBe("wss://rt.example/x/");
    expect(parse("--base-ws", "wss://rt.example:444")?.baseHttp.href).toBe("https://rt.example:444/");
    const both = parse("--base-http", "http://a.example", "--base-ws", "ws://b.example");
    expect([both?.baseHttp.href, both?.baseWs.href]).toEqual(["http://a.example/", "ws://b.example/"]);
  });

  test.each([
    [["--base-http", "nonsense"], "--base-http must be an address that starts with http:// or https://"],
    [["--base-http", "http://me:secret@a.example"], "--base-http must be an address"],
    [["--base-ws", "http://a.example"], "--base-ws must be an address that starts with ws:// or wss://"],
    [["--chunks", "0"], '--chunks must be a whole number from 1 to 86400, not "0".'],
    [["--chunks", "1.5"], "--chunks must be a whole number"],
    [["--chunks", ""], "--chunks must be a whole number"],
    [["--session-id", "a/b"], "--session-id takes A-Z, a-z, 0-9, . _ ~ and -, at most 128 characters"],
    [["--track", "Mic"], "--track takes a-z, 0-9, _ and -, at most 32 characters"],
    [["--encoding", "xml"], '--encoding must be json or msgpack, not "xml".'],
    [["--realtime", "0.5"], '--realtime must be a number from 1, not "0.5".'],
    [["--realtime", "Infinity"], "--realtime must be a number from 1"],
    [["--nope"], "unknown option '--nope'; see --help."],
    [["stray"], "too many arguments"],
  ])("%j is refused with a sentence", (argv, sentence) => {
    expect(() => parse(...argv)).toThrow(sentence);
  });

  test("a token that can't be sent is refused without repeating it", () => {
    expect(parse("--token", "aa.bb-_.cc")?.token).toBe("aa.bb-_.cc");
    expect(() => parse("--token", "se cret")).toThrow(/^(?!.*cret).*--token/);
  });
});

describe("demo options", () => {
  test("the argument, else the environment, else the default", () => {
    expect(parseDemoOptions([], {})).toEqual({ port: 8787, stateDir: ".wrangler/state", speed: 20, exit: false });
    const argv = ["--port", "0", "--speed", "4", "--exit"];
    const given = { port: 0, stateDir: "/tmp/s", speed: 4, exit: true };
    expect(parseDemoOptions(argv, { PORT: "9", STATE_DIR: "/tmp/s" })).toEqual(given);
    expect(() => parseDemoOptions(["--port", "70000"], {})).toThrow('--port must be a port number, not "70000".');
    expect(() => parseDemoOptions([], { PORT: "x" })).toThrow('PORT must be a port number, not "x".');
    expect(() => parseDemoOptions(["--speed", "0"], {})).toThrow("--speed must be a number from 1");
  });
});

function draw(isTTY: boolean, env: NodeJS.ProcessEnv): string {
  let text = "";
  const write = (part: string | Uint8Array): boolean => {
    text += String(part);
    return true;
  };
  const progress = createProgress({ isTTY, columns: 60, write }, env, () => 0);
  progress.update(12, 24, "half");
  progress.update(13, 24, "too soon after");
  progress.update(24, 24, "done");
  progress.clear();
  return text;
}

describe("progress line", () => {
  test("is written on a terminal, coloured unless NO_COLOR says otherwise, and taken away", () => {
    expect(draw(true, {})).toContain("\u001B[32m");
    const plain = draw(true, { NO_COLOR: "1" });
    expect(plain).not.toContain("\u001B[32m");
    expect(plain).toContain(`${"█".repeat(12)}${"░".repeat(12)} half`);
    expect(plain).not.toContain("too soon");
    expect(plain.endsWith(" done\r\u001B[2K")).toBe(true);
  });

  test("writes nothing elsewhere", () => {
    expect(draw(false, {})).toBe("");
    expect(draw(true, { TERM: "dumb" })).toBe("");
  });
});
