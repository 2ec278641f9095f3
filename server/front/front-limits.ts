/** Bounds of the front listener: on what anyone may take of this machine before a credential is looked at. */
import { limits } from "../../schemas/limits.ts";

export const frontLimits = {
  /** From the first byte, or from the connection where none comes. */
  headersTimeoutMs: 10_000,
  /** How long a body may stop arriving. */
  bodyIdleTimeoutMs: 15_000,
  /** How long the Worker may take for an answer that it gives without a body. */
  answerWithoutBodyMs: 5_000,
  /** Of a connection between two requests. */
  keepAliveTimeoutMs: 10_000,
  /** And so much more than it is told: its next request may be on its way, on a busy machine for seconds, and would be lost with the connection. */
  keepAliveBufferMs: 5_000,
  /** How long a client may read nothing of what waits for it: after that it can only come again. */
  slowReaderTimeoutMs: 20_000,
  /** From the first close frame of either side to the end of the connection. */
  closeTimeoutMs: 5_000,
  /** How long the clients have to read the close frame when the gateway stops. */
  goodbyeMs: 300,
  /** A silent connection is asked by TCP whether its other end is still there. */
  tcpKeepAliveMs: 30_000,
  maxHeaderBytes: 64 * 1_024,
  /** Binary message: a room sees by one byte more than it reads that the message is too large. */
  maxForwardedBinaryBytes: limits.maxMessageBytes + 1,
  /** Text message: a room counts UTF-16 units, and UTF-8 takes up to three bytes for one. */
  maxForwardedTextBytes: 3 * (limits.maxMessageBytes + 1),
  /** Larger frames bring audio; those up to this cost the runtime more than they bring. */
  smallFrameBytes: 256,
  /** Small frames of one client's WebSocket that go on within `framesAtOnceMs`: live audio and all that an honest one says. */
  maxFramesAtOnce: 16,
  framesAtOnceMs: 100,
  /** How long the next ones wait for as many answers: those that the runtime does not answer go on after that. */
  unansweredFramesMs: 1_000,
  /** Unused connections to the runtime that are kept; it closes them itself after five seconds. */
  maxFreeSockets: 64,
  freeSocketTimeoutMs: 2_000,
} as const;

/** What the process and workerd need besides connections: files of rooms and of R2, modules. */
const otherDescriptors = 256;
/** Two of this process, for both sides of a connection; the rest is left to workerd's rooms. */
const descriptorsOfConnection = 4;
const mostConnections = 8_192;
const fewestConnections = 64;

/**
 * How many connections there may be at once, so that neither this process nor workerd, which dies of it, runs out of
 * descriptors.
 */
export function maxConnections(descriptors: number): number {
  const affordable = Math.floor((descriptors - otherDescriptors) / descriptorsOfConnection);
  return Math.max(fewestConnections, Math.min(mostConnections, affordable));
}

/** Node has raised its own limit, which workerd inherits, to the hard one. */
export function descriptorLimit(): number {
  const report = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  const soft = report.userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : Number.POSITIVE_INFINITY;
}
