/** One track of the command's capture: its spool, and what an earlier run left there. */
import { join } from "node:path";
import {
  type Capture,
  type CaptureOptions,
  openFileOutbox,
  type Outbox,
  OutboxLockedError,
  OutboxMismatchError,
  startCapture,
} from "@roomtone/client/node";
import { WebSocket } from "ws";
import type { CliCaptureOptions } from "./capture-options.ts";
import type { ChannelTrack } from "./channel-choice.ts";
import { tokenProvider } from "./credential.ts";
import type { Source } from "./source.ts";
import { UsageError } from "./usage-error.ts";

export interface TrackCapture {
  readonly track: string;
  readonly capture: Capture;
  /** Seconds of the source that an earlier run had captured. */
  readonly continuedFrom: number;
  readonly hadEnded: boolean;
}

/** @throws UsageError where the spool can't be used, or holds what came from elsewhere. */
export async function startTrack(
  options: CliCaptureOptions,
  source: Source,
  { track, format }: ChannelTrack,
): Promise<TrackCapture> {
  const { sessionId, credential } = options;
  const outbox = await openSpool(join(options.spool, sessionId, track));
  const capture = await startWith(outbox, {
    baseUrl: options.baseUrl,
    sessionId,
    track,
    format,
    encoding: options.encoding,
    clientId: "roomtone-cli",
    // Node's own says nothing of why a connection could not be made.
    WebSocket,
    live: options.live,
    append: options.append,
    // The same file by another channel is other audio.
    source: format.channel === undefined ? source.identity : `${source.identity} channel ${format.channel}`,
    mayChange: { gateway: options.newGateway, source: options.newSource },
    ...(credential && { token: tokenProvider(credential) }),
  });
  return { track, capture, continuedFrom: capture.sourceSeconds, hadEnded: capture.isSourceOver };
}

/** What the system says of a folder, for people. */
const folderFaults: Readonly<Record<string, string>> = {
  ENOTDIR: "a part of its path is a file",
  EEXIST: "it is a file",
  EACCES: "it may not be written",
  EPERM: "it may not be written",
  EROFS: "it lies on a disk that can't be written",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk's quota is used up",
  ENAMETOOLONG: "its path is too long",
  ENOENT: "its path can't be made",
  ELOOP: "its path leads in a circle",
  EIO: "the disk fails",
};

async function openSpool(folder: string): Promise<Outbox> {
  try {
    return await openFileOutbox({ folder });
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    if (cause instanceof OutboxLockedError) throw new UsageError(`The spool is in use: ${cause.message}.`);
    const fault = folderFaults[code];
    if (fault === undefined) throw cause;
    throw new UsageError(`The spool ${folder} can't be used: ${fault} (${code}). Give another --spool.`, { cause });
  }
}

/** @throws UsageError where the spool holds what came from elsewhere, with the option that lets it go on. */
async function startWith(outbox: Outbox, options: CaptureOptions): Promise<Capture> {
  try {
    return await startCapture({ ...options, outbox });
  } catch (cause) {
    await outbox.close();
    if (!(cause instanceof OutboxMismatchError)) throw cause;
    const hint = {
      owner: "Give another --spool.",
      gateway:
        "Send the rest where it was going, or give --new-gateway to send it here, or another --session or --spool.",
      source: cause.mayChange
        ? "Give the file that was begun, or --new-source to add this one behind it, or another --session or --track."
        : "Give another --session or --track.",
    }[cause.differs];
    throw new UsageError(`The spool of session ${options.sessionId}: ${cause.message}. ${hint}`);
  }
}
