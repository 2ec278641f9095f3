/** The arguments of `npm run smoke`. Pure. */
import { randomBytes } from "node:crypto";
import * as z from "zod";
import type { Encoding } from "../../schemas/wire/codec.ts";
import { defaultTrack } from "../../schemas/names.ts";
import { defineCommand, type Parse } from "../cli/define-command.ts";
import { address, decimal, flag, oneOf, sessionId, trackName, wholeNumber } from "../cli/option-types.ts";

export interface SmokeOptions {
  /** Both end with a slash, so that a path can be resolved against them. */
  readonly baseHttp: URL;
  readonly baseWs: URL;
  readonly sessionId: string;
  readonly track: string;
  readonly encoding: Encoding;
  /** Undefined: ten seconds of tones, or the whole file. */
  readonly chunks?: number | undefined;
  readonly file?: string | undefined;
  readonly token?: string | undefined;
  /** How many times as fast as real time; undefined: as fast as the window allows. */
  readonly realtime?: number | undefined;
  readonly finalize: boolean;
}

const defaultBaseHttp = "http://127.0.0.1:8787/";
const maxChunks = 86_400;
/** A token goes into a header and a subprotocol: only what both can carry. */
const token = z.string().regex(/^[A-Za-z0-9._~+-]+$/, "must be a token, without quotes or spaces");

const command = defineCommand({
  name: "npm run smoke --",
  description:
    "Streams seconds of audio to a gateway and checks every answer. One JSON line on stdout says how it went.",
  options: {
    baseHttp: address("http:", "https:")
      .optional()
      .meta({ value: "<url>", description: `the gateway's address (default: ${defaultBaseHttp}, or that of base-ws)` }),
    baseWs: address("ws:", "wss:")
      .optional()
      .meta({ value: "<url>", description: "its WebSocket address (default: base-http with ws or wss)" }),
    chunks: wholeNumber(1, maxChunks)
      .optional()
      .meta({ value: "<n>", description: "seconds to stream (default: 10, or the whole file)" }),
    sessionId: sessionId.optional().meta({
      value: "<id>",
      description: "session to stream to; one that was used before must hold the same audio (default: a new one)",
    }),
    track: trackName.meta({ value: "<name>", description: "track to stream as", default: defaultTrack }),
    encoding: oneOf("json", "msgpack").meta({ value: "<name>", description: "json or msgpack", default: "json" }),
    file: z.string().optional().meta({
      value: "<meeting.wav>",
      description: "stream a WAV file instead of tones; any rate, depth and channels, as 16 kHz mono",
    }),
    token: token
      .optional()
      .meta({ value: "<jwt>", description: "session token or API key to connect with", isSecret: true }),
    realtime: decimal(1).optional().meta({
      value: "<factor>",
      description: "pace at this many times real time, from 1 (default: as fast as the window allows)",
    }),
    finalize: flag.meta({ description: "finalize the session and check the result" }),
  },
});

export const parseSmokeOptions: Parse<SmokeOptions> = (argv, env) => {
  const options = command(argv, env);
  if (!options) return undefined;
  const { baseHttp: http, baseWs: ws, sessionId: id = `smoke-${randomBytes(6).toString("hex")}` } = options;
  const baseHttp = http ?? (ws ? withScheme(ws, "http") : new URL(defaultBaseHttp));
  return { ...options, sessionId: id, baseHttp, baseWs: ws ?? withScheme(baseHttp, "ws") };
};

function withScheme(url: URL, scheme: "http" | "ws"): URL {
  const isSecure = url.protocol === "https:" || url.protocol === "wss:";
  return new URL(`${scheme}${isSecure ? "s" : ""}:${url.href.slice(url.protocol.length)}`);
}
