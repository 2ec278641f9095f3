/** Words on stderr while a capture runs. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Follower } from "../../client/cli/follower.ts";
import type { Source } from "../../client/cli/source.ts";
import type { Capture } from "../../client/capture/capture.ts";
import type { CaptureEvents } from "../../client/capture/capture-types.ts";
import { Emitter } from "../../client/capture/emitter.ts";

/** A capture that does nothing but say what a test wants. */
class Voice extends Emitter<CaptureEvents> {
  readonly sourceSeconds = 9;
  readonly lagSeconds = 3;
  say<K extends keyof CaptureEvents>(type: K, event: CaptureEvents[K]): void {
    this.emit(type, event);
  }
}

let said: string[] = [];
let follower: Follower | undefined;

function follow(...tracks: (string | undefined)[]): Voice[] {
  const source = { seconds: undefined } as Source;
  const made = new Follower(source, "http://gateway.test");
  follower = made;
  return tracks.map((track) => {
    const voice = new Voice();
    made.follow(voice as unknown as Capture, track);
    return voice;
  });
}

beforeEach(() => {
  said = [];
  vi.spyOn(console, "error").mockImplementation((line: string) => void said.push(line));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  follower?.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("[V1] every wait is told: for the connection, the gateway, a full spool and one that fails", () => {
  const [voice] = follow(undefined);
  vi.advanceTimersByTime(5_000);
  voice?.say("connected", { reconnects: 0, resending: 0 });
  voice?.say("full", { seconds: 600 });
  voice?.say("limited", { afterMs: 60_000, detail: "The day's quota is used up." });
  voice?.say("outboxRetrying", { attempt: 1, afterMs: 100, reason: "EIO" });
  voice?.say("unsaved", { seconds: 7 });
  vi.advanceTimersByTime(6_000);
  voice?.say("space", { seconds: 0 });
  voice?.say("acked", { seq: 1 });
  voice?.say("outboxRecovered", {});
  expect(said).toEqual([
    "Not connected to http://gateway.test for 5 s: it has not answered yet. Trying on; what is captured waits in the spool.",
    "Connected to http://gateway.test after 5 s.",
    "The spool has taken nothing for 5 s: it is full, and 600 s wait for the gateway.",
    "The gateway has taken nothing for 5 s: The day's quota is used up. Trying on.",
    "The spool has failed for 5 s: EIO. 7 s are in memory alone until the gateway has them. Trying on.",
    "The spool takes audio again after 6 s.",
    "The gateway takes audio again after 6 s.",
    "The spool takes audio again after 6 s.",
  ]);
});

test("[V1] of several tracks none may be left unconnected, and each names itself", () => {
  const [left, right] = follow("mixed-1", "mixed-2");
  left?.say("connected", { reconnects: 0, resending: 0 });
  right?.say("retrying", { attempt: 1, afterMs: 500, reason: "the host is not known" });
  vi.advanceTimersByTime(5_000);
  right?.say("connected", { reconnects: 0, resending: 0 });
  left?.say("renumbered", { from: 1, to: 2, by: 71 });
  expect(said).toEqual([
    expect.stringMatching(/^Not connected .* 5 s: the host is not known\. /),
    expect.stringMatching(/^Connected/),
    expect.stringMatching(/^mixed-1: This track has 71 s that are not from this spool/),
  ]);
});

test("[V5] a connection that ends each time before anything is kept is none, and samples that don't come are told", () => {
  const [voice] = follow(undefined);
  voice?.say("connected", { reconnects: 0, resending: 0 });
  for (let reconnects = 1; reconnects <= 4; reconnects += 1) {
    voice?.say("disconnected", { code: 1006, reason: "no answer" });
    vi.advanceTimersByTime(1_000);
    voice?.say("connected", { reconnects, resending: 3 });
    vi.advanceTimersByTime(20_000);
  }
  voice?.say("acked", { seq: 1 });
  follower?.awaitBlock();
  vi.advanceTimersByTime(5_000);
  follower?.handleBlock();
  expect(said).toEqual([
    expect.stringMatching(/^Not connected .* 5 s: no answer \(close code 1006\)/),
    expect.stringMatching(/^Not connected .* 30 s: no answer/),
    expect.stringMatching(/^Connected .* after 84 s/),
    "No samples have come for 5 s.",
    "Samples come again after 5 s.",
  ]);
});

test("what the gateway or a proxy says of a wait does not steer the terminal", () => {
  const [voice] = follow(undefined);
  voice?.say("disconnected", { code: 4000, reason: "busy\u001b[2J\nAll is kept." });
  vi.advanceTimersByTime(5_000);
  voice?.say("acked", { seq: 1 });
  voice?.say("limited", { afterMs: 60_000, detail: "\u009b2JThe day's quota.\r\nNothing." });
  vi.advanceTimersByTime(5_000);
  expect(said).toHaveLength(3);
  for (const line of said) expect(line).not.toMatch(/\p{Cc}/u);
});
