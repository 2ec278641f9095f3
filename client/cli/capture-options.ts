/** The arguments of `roomtone capture`, checked. */
import * as z from "zod";
import type { Encoding } from "../../schemas/codec.ts";
import { defaultTrack, sessionIdSchema, trackNameSchema } from "../../schemas/names.ts";
import type { PcmFormat } from "../capture/pcm-framer.ts";
import { UsageError } from "./usage-error.ts";

export interface CliCaptureOptions {
  /** A WAV file's path, or `-` for raw PCM on stdin. */
  readonly source: string;
  readonly baseUrl: string;
  readonly sessionId: string;
  readonly track: string;
  readonly encoding: Encoding;
  /** Folder of all outboxes. */
  readonly spool: string;
  /** Of raw PCM on stdin, s16le. */
  readonly stdinFormat: PcmFormat;
  /** Whether stdin runs in real time: time without samples becomes a gap. */
  readonly live: boolean;
  readonly token: string | undefined;
}

/** A name of the protocol, with a sentence instead of its pattern. */
function named(schema: z.ZodType<string>, sentence: string): z.ZodType<string> {
  return z.string().refine((value) => schema.safeParse(value).success, sentence);
}

const rawSchema = z.object({
  url: z.url({ protocol: /^(https?|wss?)$/, error: "--url is the gateway's address, such as https://example.com" }),
  session: named(sessionIdSchema, "--session is A-Z, a-z, 0-9, '.', '_', '~' and '-', at most 128 characters"),
  track: named(trackNameSchema, "--track is a-z, 0-9, '_' and '-', at most 32 characters"),
  encoding: z.enum(["msgpack", "json"], { error: "--encoding is msgpack or json" }),
  spool: z.string().min(1),
  rate: z.coerce.number({ error: "--rate is whole Hz, 1000 to 384000" }).int().min(1_000).max(384_000),
  channels: z.coerce.number({ error: "--channels is a whole number from 1 to 32" }).int().min(1).max(32),
  live: z.boolean(),
});

export const captureDefaults = {
  url: "http://127.0.0.1:8787",
  track: defaultTrack,
  encoding: "msgpack",
  spool: ".roomtone/spool",
  rate: "16000",
  channels: "1",
} as const;

/** @param raw what the command line said, defaults filled in. Throws UsageError. */
export function parseCaptureOptions(source: string, raw: unknown, env: NodeJS.ProcessEnv): CliCaptureOptions {
  const parsed = rawSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UsageError(`${issue?.message ?? "invalid"} (see --help).`);
  }
  const { url, session, track, encoding, spool, rate, channels, live } = parsed.data;
  return {
    source,
    baseUrl: url,
    sessionId: session,
    track,
    encoding,
    spool,
    stdinFormat: { sampleRate: rate, channels },
    live,
    token: env["ROOMTONE_TOKEN"] || undefined,
  };
}
