/** A capture tells its room what it has read, so that what is sent to it never waits or ends its connection. */
import { expect, test, vi } from "vitest";
import { startCapture } from "../../client/capture/capture.ts";
import { newSession } from "../support/gateway-http.ts";
import { ackMessage, FakeRoom, readyMessage } from "./support/fake-room.ts";
import { feed, samplesOf, wireFormat } from "./support/meeting.ts";

test.each(["ready", "ack", "ended", "error"])(
  "[W14] a mark on %s is told back once, in the connection that bore it",
  async (type) => {
    const sessionId = newSession();
    const marked = (message: object): object =>
      "type" in message && message.type === type ? { ...message, mark: `mark-${type}` } : message;
    const room = await FakeRoom.start((peer, frame) => {
      if (frame.type === "hello") peer.say(marked(readyMessage(sessionId)));
      if (frame.type === "chunk") {
        peer.say(
          marked({ type: "error", code: "unknown_type", detail: "Of nothing that was sent.", retryable: false }),
        );
        peer.say(marked(ackMessage(frame)));
      }
      if (frame.type === "end") peer.say(marked({ type: "ended", last_seq: 2, complete: true, missing: [] }));
    });
    const capture = await startCapture({ format: wireFormat, baseUrl: room.url, sessionId, encoding: "json" });
    await feed(capture, samplesOf(1, 2));
    await capture.end();
    const told = (): unknown[] => room.frames.filter((frame) => frame.type === "seen").map(({ mark }) => mark);
    const times = type === "ack" || type === "error" ? 2 : 1;
    await vi.waitFor(() => expect(told()).toEqual(Array.from({ length: times }, () => `mark-${type}`)));
    await room.close();
  },
);
