/** The arguments of `roomtone capture`, checked: what can never work is refused here (V2). */
import type { Encoding, PcmFormat } from "@roomtone/client/node";
import * as z from "zod";
import { addressFault } from "../../schemas/wire/address-fault.ts";
import { channelCount, sampleRateHz } from "../../schemas/wire/audio.ts";
import { defaultTrack, sessionIdSchema, trackNameSchema } from "../../schemas/names.ts";
import { type ChannelChoice, parseChannel } from "./channel-choice.ts";
import { type Credential, readCredential } from "./credential.ts";
import { spoolPlace } from "./spool-place.ts";
import { plainNumber } from "./plain-number.ts";
import { UsageError } from "./usage-error.ts";

/** Where the audio comes from. */
export type CliInput =
  | { readonly kind: "file"; readonly path: string }
  /** Raw s16le samples, or a WAV file. */
  | { readonly kind: "stdin"; readonly format: PcmFormat }
  /** Without a name the machine's default. */
  | { readonly kind: "device"; readonly name?: string };

export interface CliCaptureOptions {
  readonly input: CliInput;
  readonly baseUrl: string;
  readonly sessionId: string;
  readonly track: string;
  /** Which channels of the source become tracks (V3). */
  readonly channel: ChannelChoice;
  readonly encoding: Encoding;
  /** Folder of the spools of all sessions. */
  readonly spool: string;
  /** Whether the input runs in real time: time without samples becomes a gap. */
  readonly live: boolean;
  /** How many times faster than real time a file is read; undefined for as fast as the room takes it. */
  readonly speed: number | undefined;
  /** Lets this audio follow behind what the track has from elsewhere. */
  readonly append: boolean;
  /** Lets the spool go on with another gateway than it was begun with. */
  readonly newGateway: boolean;
  /** Lets another source follow behind the one that the spool was begun with. */
  readonly newSource: boolean;
  /** None where the gateway asks for none. */
  readonly credential: Credential | undefined;
}

/** A name of the protocol, with a sentence instead of its pattern. */
function named(schema: z.ZodType<string>, sentence: string): z.ZodType<string> {
  return z.string().refine((value) => schema.safeParse(value).success, sentence);
}

const wholeNumber = (min: number, max: number, sentence: string) =>
  z
    .string()
    .transform((text) => plainNumber(text) ?? Number.NaN)
    .pipe(z.number(sentence).int(sentence).min(min, sentence).max(max, sentence));

const speedSentence = "--speed is a number above 0: 0.01 to 10000";

const rawSchema = z.object({
  url: z
    .url({ protocol: /^(https?|wss?)$/, error: "--url is the gateway's address, such as https://example.com" })
    .superRefine((url, context) => {
      const fault = addressFault(url);
      if (fault !== undefined) context.addIssue({ code: "custom", message: `--url ${fault}` });
    }),
  session: named(sessionIdSchema, "--session is A-Z, a-z, 0-9, '.', '_', '~' and '-', at most 128 characters"),
  track: named(trackNameSchema, "--track is a-z, 0-9, '_' and '-', at most 32 characters"),
  encoding: z.enum(["msgpack", "json"], { error: "--encoding is msgpack or json" }),
  spool: z.string().min(1, "--spool is a folder").optional(),
  rate: wholeNumber(1_000, 384_000, "--rate is whole Hz, 1000 to 384000").optional(),
  channels: wholeNumber(1, 32, "--channels is a whole number from 1 to 32").optional(),
  channel: z.string().transform((text, context) => {
    const choice = parseChannel(text);
    if (choice !== undefined) return choice;
    context.addIssue({ code: "custom", message: "--channel is mix, left, right, split or a number from 1" });
    return z.NEVER;
  }),
  live: z.boolean(),
  append: z.boolean().default(false),
  newGateway: z.boolean().default(false),
  newSource: z.boolean().default(false),
  speed: z
    .string()
    .transform((text) => plainNumber(text) ?? 0)
    .pipe(z.number().min(0.01, speedSentence).max(10_000, speedSentence))
    .optional(),
  tokenCommand: z.string().trim().min(1, "--token-command is a command that prints a session token").optional(),
  device: z.union([z.string().min(1, "--device needs no name, or one"), z.literal(true)]).optional(),
});

export const captureDefaults = {
  url: "http://127.0.0.1:8787",
  track: defaultTrack,
  encoding: "msgpack",
  channel: "mix",
} as const;

/** An option that would be believed, and do nothing. */
function optionWithoutEffect(
  kind: CliInput["kind"],
  { live, speed, rate, channels }: Pick<z.infer<typeof rawSchema>, "live" | "speed" | "rate" | "channels">,
): string | undefined {
  if (kind === "file" && live) return "--live is for stdin: a file has no pauses of its own";
  if (kind !== "file" && speed !== undefined) return "--speed is for files: stdin and devices have a pace of their own";
  if (kind !== "stdin" && (rate ?? channels) !== undefined)
    return "--rate and --channels are for raw PCM on stdin: a WAV file says its own, and a device records 16 kHz mono";
  return undefined;
}

/** @param raw what the command line said, defaults filled in. Throws UsageError. */
export function parseCaptureOptions(
  source: string | undefined,
  raw: unknown,
  env: NodeJS.ProcessEnv,
): CliCaptureOptions {
  const parsed = rawSchema.safeParse(raw);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new UsageError(`${issue?.message ?? "invalid"} (see --help).`);
  }
  const { url, session, track, encoding, spool, rate, channels, live, speed, device, tokenCommand } = parsed.data;
  const { append, newGateway, newSource, channel } = parsed.data;
  if ((source === undefined) === (device === undefined))
    throw new UsageError("Give one source: a WAV file, - for stdin, or --device (see --help).");
  const input: CliInput =
    source === undefined
      ? { kind: "device", ...(typeof device === "string" ? { name: device } : {}) }
      : source === "-"
        ? { kind: "stdin", format: { sampleRate: rate ?? sampleRateHz, channels: channels ?? channelCount } }
        : { kind: "file", path: source };
  const idle = optionWithoutEffect(input.kind, parsed.data);
  if (idle !== undefined) throw new UsageError(`${idle} (see --help).`);
  return {
    input,
    baseUrl: url,
    sessionId: session,
    track,
    channel,
    encoding,
    spool: spool ?? spoolPlace(url, session),
    live: input.kind === "device" || (input.kind === "stdin" && live),
    speed,
    append,
    newGateway,
    newSource,
    credential: readCredential(tokenCommand, env),
  };
}
