/** A capture at a fake room, both ended with their test: for one test file. */
import { afterEach } from "vitest";
import { type Capture, startCapture } from "../../../client/capture/capture.ts";
import type { CaptureOptions } from "../../../client/capture/capture-types.ts";
import { FakeRoom } from "./fake-room.ts";
import { Listener, wireFormat } from "./meeting.ts";

export interface FakeMeeting {
  readonly startRoom: typeof FakeRoom.start;
  /** Without jitter, and otherwise as the options say. */
  readonly start: (room: FakeRoom, options?: Partial<CaptureOptions>) => Promise<[Capture, Listener]>;
}

export function useFakeMeeting(sessionId: string): FakeMeeting {
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closers.splice(0).toReversed()) await close();
  });
  return {
    startRoom: async (...handlers) => {
      const room = await FakeRoom.start(...handlers);
      closers.push(() => room.close());
      return room;
    },
    start: async (room, options = {}) => {
      const capture = await startCapture({
        baseUrl: room.url,
        sessionId,
        format: wireFormat,
        encoding: "json",
        random: () => 0,
        ...options,
      });
      closers.push(() => capture.close());
      return [capture, new Listener(capture)];
    },
  };
}
