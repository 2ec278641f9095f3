/** The arguments of `npm run smoke`, checked. Pure: argv in, options or one sentence out. */
import { Command } from "commander";
import type * as z from "zod";
import type { Encoding } from "../../schemas/wire/codec.ts";
import { defaultTrack, sessionIdSchema, trackNameSchema } from "../../schemas/names.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { parseCommand } from "../cli/read-options.ts";

export interface SmokeOptions {
  /** Both end with a slash, so that a path can be resolved against them. */
  readonly baseHttp: URL;
  readonly baseWs: URL;
  readonly sessionId: string;
  readonly track: string;
  readonly encoding: Encoding;
  /** Undefined: ten seconds of tones, or the whole file. */
  readonly chunks: number | undefined;
  readonly file: string | undefined;
  readonly token: string | undefined;
  /** How many times as fast as real time; undefined: as fast as the window allows. */
  readonly realtimeFactor: number | undefined;
  readonly finalize: boolean;
}

const defaultBaseHttp = "http://127.0.0.1:8787";
const maxChunks = 86_400;

type Raw = Partial<
  Record<"baseHttp" | "baseWs" | "chunks" | "sessionId" | "track" | "encoding" | "file" | "token" | "realtime", string>
> & { finalize?: boolean };

function command(): Command {
  return new Command("npm run smoke --")
    .description(
      "Streams seconds of audio to a gateway and checks every answer. One JSON line on stdout says how it went.",
    )
    .option("--base-http <url>", `the gateway's address (default ${defaultBaseHttp})`)
    .option("--base-ws <url>", "its WebSocket address (default: base-http with ws or wss)")
    .option("--chunks <n>", "seconds to stream (default 10, or the whole file)")
    .option(
      "--session-id <id>",
      "session to stream to; one that was used before must hold the same audio (default: a new one)",
    )
    .option("--track <name>", `track to stream as (default ${defaultTrack})`)
    .option("--encoding <name>", "json or msgpack (default json)")
    .option("--file <meeting.wav>", "stream a WAV file instead of tones; any rate, depth and channels, as 16 kHz mono")
    .option("--token <jwt>", "session token or API key to connect with")
    .option("--realtime <factor>", "pace at this many times real time, from 1 (default: as fast as the window allows)")
    .option("--finalize", "finalize the session and check the result");
}

/**
 * @param argv without the runtime and the script.
 * @returns undefined where help was asked for, and printed.
 * @throws Failure naming the first argument that is wrong.
 */
export function parseSmokeOptions(argv: readonly string[], newSessionId: () => string): SmokeOptions | undefined {
  const raw = parseCommand(command(), argv)?.opts<Raw>();
  if (!raw) return undefined;
  const http = raw.baseHttp === undefined ? undefined : baseUrl("--base-http", raw.baseHttp, ["http:", "https:"]);
  const ws = raw.baseWs === undefined ? undefined : baseUrl("--base-ws", raw.baseWs, ["ws:", "wss:"]);
  const baseHttp = http ?? (ws ? withScheme(ws, "http") : baseUrl("--base-http", defaultBaseHttp, ["http:"]));
  return {
    baseHttp,
    baseWs: ws ?? withScheme(baseHttp, "ws"),
    sessionId: name("--session-id", raw.sessionId ?? newSessionId(), sessionIdSchema),
    track: name("--track", raw.track ?? defaultTrack, trackNameSchema),
    encoding: parseEncoding(raw.encoding ?? "json"),
    chunks: raw.chunks === undefined ? undefined : parseChunks(raw.chunks),
    file: raw.file,
    token: raw.token === undefined ? undefined : parseToken(raw.token),
    realtimeFactor: raw.realtime === undefined ? undefined : parseFactor("--realtime", raw.realtime),
    finalize: raw.finalize ?? false,
  };
}

function baseUrl(option: string, text: string, schemes: readonly string[]): URL {
  const url = URL.parse(text);
  const wanted = schemes.map((scheme) => `${scheme}//`).join(" or ");
  if (!url || !schemes.includes(url.protocol) || url.username || url.password || url.search || url.hash)
    throw new Failure(`${option} must be an address that starts with ${wanted} and has no credentials or query.`);
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url;
}

function withScheme(url: URL, scheme: "http" | "ws"): URL {
  const secure = url.protocol === "https:" || url.protocol === "wss:";
  return new URL(`${scheme}${secure ? "s" : ""}:${url.href.slice(url.protocol.length)}`);
}

function name(option: string, text: string, schema: z.ZodType<string>): string {
  const rule = option === "--track" ? "a-z, 0-9, _ and -, at most 32" : "A-Z, a-z, 0-9, . _ ~ and -, at most 128";
  if (!schema.safeParse(text).success)
    throw new Failure(`${option} takes ${rule} characters, starting with a letter or digit; not "${text}".`);
  return text;
}

function parseEncoding(text: string): Encoding {
  if (text === "json" || text === "msgpack") return text;
  throw new Failure(`--encoding must be json or msgpack, not "${text}".`);
}

function parseChunks(text: string): number {
  const count = Number(text);
  if (!/^\d+$/.test(text) || count < 1 || count > maxChunks)
    throw new Failure(`--chunks must be a whole number from 1 to ${maxChunks}, not "${text}".`);
  return count;
}

/** A factor of real time, from 1. */
export function parseFactor(option: string, text: string): number {
  const factor = Number(text);
  if (text.trim() === "" || !Number.isFinite(factor) || factor < 1)
    throw new Failure(`${option} must be a number from 1, not "${text}".`);
  return factor;
}

/** It goes into a header and a subprotocol: only what both can carry. Never repeated in a message. */
function parseToken(text: string): string {
  if (!/^[A-Za-z0-9._~+-]+$/.test(text))
    throw new Failure("--token holds a character that a token can't have; pass it without quotes or spaces.");
  return text;
}
