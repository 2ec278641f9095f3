/** A client's bytes to the runtime: as fast as it reads and answers, and so many small frames at once. What has to wait is left with the client. */
import type { Duplex } from "node:stream";
import type { ClientFrames } from "./client-frames.ts";
import { FramePace } from "./frame-pace.ts";

const nothing = Buffer.alloc(0);

/**
 * @param head what came with the handshake. @param onPassed called after some went on.
 * @returns call it with how many messages came from the runtime.
 */
export function passFrames(
  client: Duplex,
  runtime: Duplex,
  head: Buffer,
  frames: ClientFrames,
  onPassed: () => void,
): (messages: number) => void {
  const pace = new FramePace();
  let rest: Buffer = nothing;
  let timer: NodeJS.Timeout | undefined;
  let isFull = false;
  const go = (): void => {
    if (isFull || timer) return;
    const now = performance.now();
    const { passed, smallFrames: count, rest: unread } = frames.pass(rest, pace.left(now));
    rest = unread;
    pace.take(count, now);
    for (const part of passed) isFull = !runtime.write(part);
    onPassed();
    if (isFull) {
      runtime.once("drain", () => {
        isFull = false;
        go();
      });
    } else if (rest.length > 0) {
      timer = setTimeout(goOn, pace.waitMs(performance.now()));
    }
    if (isFull || timer) client.pause();
    else client.resume();
  };
  const goOn = (): void => {
    clearTimeout(timer);
    timer = undefined;
    go();
  };
  client.on("data", (bytes: Buffer) => {
    rest = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes;
    go();
  });
  client.once("close", () => clearTimeout(timer));
  if (head.length > 0) client.unshift(head);
  return (messages) => {
    pace.answered(messages, performance.now());
    // It may wait for less now.
    if (timer && !client.destroyed) goOn();
  };
}
