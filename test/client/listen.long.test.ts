/** The live audio of the client library over a real gateway: what is captured is heard as it is captured, and kept as it would be. */
import { afterEach, describe, expect, test } from "vitest";
import { WebSocket as WsWebSocket } from "ws";
import { CaptureFailedError, createResultsClient, startCapture } from "../../client/index.ts";
import type { Capture, CaptureOptions, ListenOptions, LivePiece } from "../../client/index.ts";
import { until } from "../../client/testkit/until.ts";
import { newSession } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { FakeRoom } from "./support/fake-room.ts";
import { expectWhole, samplesOf, wireFormat } from "./support/meeting.ts";

const gateway = useGateway();
const captures: Capture[] = [];
const listeners: AbortController[] = [];

afterEach(async () => {
  for (const listener of listeners.splice(0)) listener.abort();
  await Promise.all(captures.splice(0).map((capture) => capture.close()));
});

const client = (): ReturnType<typeof createResultsClient> => createResultsClient({ baseUrl: gateway.url });

interface Heard {
  readonly pieces: LivePiece[];
  readonly samples: (track: string) => number[];
  /** Settles with what the loop ended with, or "over". */
  readonly end: Promise<unknown>;
  readonly stop: (reason?: unknown) => void;
}

/** Listens, once the connection stands. */
async function listening(sessionId: string, options: ListenOptions = {}, of = client()): Promise<Heard> {
  const pieces: LivePiece[] = [];
  const controller = new AbortController();
  listeners.push(controller);
  const connected = Promise.withResolvers<void>();
  const all = { signal: controller.signal, onConnected: () => connected.resolve(), ...options };
  const hear = async (): Promise<unknown> => {
    try {
      for await (const piece of of.listen(sessionId, all)) pieces.push(piece);
      return "over";
    } catch (cause) {
      return cause;
    }
  };
  const end = hear();
  await Promise.race([connected.promise, end]);
  return {
    pieces,
    samples: (track) => pieces.filter((piece) => piece.track === track).flatMap(({ samples }) => [...samples]),
    end,
    stop: (reason) => controller.abort(reason),
  };
}

async function capturing(options: Partial<CaptureOptions> & { sessionId: string }): Promise<Capture> {
  const capture = await startCapture({ baseUrl: gateway.url, format: wireFormat, ...options });
  captures.push(capture);
  return capture;
}

const once = async (look: () => boolean, what: string): Promise<unknown> => until(() => look() || undefined, { what });
const isHeard = (capture: Capture): Promise<unknown> => once(() => capture.live.isHeard, "a listener");

describe.each([
  ["the global WebSocket", undefined],
  ["ws", WsWebSocket],
])("over %s", (_name, WebSocket) => {
  test.each(["json", "msgpack"] as const)(
    "[V7] [V8] what is captured as %s is heard as it was, at its place, and the chunks are what they would be",
    async (encoding) => {
      const sessionId = newSession();
      const opened = await client().createSession({ session_id: sessionId });
      expect(opened.session_id).toBe(sessionId);
      const heard = await listening(sessionId, { WebSocket });
      const capture = await capturing({ sessionId, encoding, track: "mic", liveAudio: true, WebSocket });
      await isHeard(capture);
      const source = samplesOf(1, 2);
      for (let at = 0; at < source.length; at += 800) {
        await capture.write(source.subarray(at, at + 800));
        // As a source in real time does: not all at once.
        const whole = at + 800 - ((at + 800) % 1_600);
        await once(() => heard.samples("mic").length === whole, `${whole} samples`);
      }
      expect(heard.samples("mic")).toEqual([...source]);
      expect(heard.pieces.map(({ atMs }) => atMs)).toEqual(Array.from({ length: 20 }, (_, i) => i * 100));
      expect(
        heard.pieces.every(({ flush, lostMs, sampleRate }) => !flush && lostMs === 0 && sampleRate === 16_000),
      ).toBe(true);
      expect(await capture.end()).toMatchObject({ complete: true });
      await expectWhole(gateway, sessionId, 2, "mic");
      expect(await heard.end).toBe("over");
    },
  );
});

test("[V7] a file is not heard unless it is asked for, and a live source is", async () => {
  const sessionId = newSession();
  await client().createSession({ session_id: sessionId });
  const heard = await listening(sessionId);
  const file = await capturing({ sessionId, track: "file" });
  const live = await capturing({ sessionId, track: "mic", live: true });
  await Promise.all([isHeard(file), isHeard(live)]);
  const source = samplesOf(1, 1);
  await file.write(source);
  await live.write(source);
  await once(() => heard.samples("mic").length === source.length, "the microphone");
  expect(heard.samples("file")).toEqual([]);
});

test("[V7] a program sends a voice of its own, at another rate, and has players begin anew", async () => {
  const sessionId = newSession();
  await client().createSession({ session_id: sessionId });
  const capture = await capturing({ sessionId, track: "ai", liveAudio: false });
  const told: boolean[] = [];
  capture.on("listeners", ({ isHeard: is }) => told.push(is));
  expect(capture.live.send(samplesOf(1, 1))).toBe(false);
  const heard = await listening(sessionId, { tracks: ["ai"] });
  await isHeard(capture);
  expect(capture.live.send(samplesOf(1, 1).subarray(0, 12_000), { sampleRate: 24_000, atMs: 250 })).toBe(true);
  // What is queued where it is heard goes with a flush.
  await once(() => heard.pieces.length === 5, "half a second");
  expect(capture.live.flush()).toBe(true);
  await once(() => heard.pieces.some(({ flush }) => flush), "the flush");
  expect(heard.pieces.map(({ sampleRate, atMs, flush }) => [sampleRate, atMs, flush])).toEqual([
    [24_000, 250, false],
    [24_000, 350, false],
    [24_000, 450, false],
    [24_000, 550, false],
    [24_000, 650, false],
    [16_000, undefined, true],
  ]);
  heard.stop();
  await once(() => !capture.live.isHeard, "the listener's end");
  expect(told).toEqual([true, false]);
});

describe("listening ends", () => {
  test("[V8] with the meeting", async () => {
    const sessionId = newSession();
    await client().createSession({ session_id: sessionId });
    const heard = await listening(sessionId);
    await client().finalize(sessionId, {});
    expect(await heard.end).toBe("over");
    expect(await (await listening(sessionId)).end).toBe("over");
  });

  test("[V8] with the reason of its signal, and for a meeting that is not there", async () => {
    const sessionId = newSession();
    await client().createSession({ session_id: sessionId });
    const heard = await listening(sessionId);
    heard.stop("enough");
    expect(await heard.end).toBe("enough");
    const failure = await (await listening(newSession())).end;
    expect(failure).toBeInstanceOf(CaptureFailedError);
    expect(failure).toMatchObject({ code: "session_not_found" });
    expect(await (await listening(sessionId, { maxQueuedMs: 0 })).end).toBeInstanceOf(RangeError);
  });
});

test("[V8] a connection that is lost comes back, and what this version can't read is passed over", async () => {
  const content = new Uint8Array(3_200).fill(1);
  const message = { type: "live", track: "mic", sample_rate: 16_000 };
  const room = await FakeRoom.start(
    () => undefined,
    (peer) => {
      peer.say({ ...message, at_ms: peer.connection, content });
      // What a later version may say.
      peer.say({ ...message, sample_rate: 44_100, content });
      peer.say({ ...message, opus: content });
      if (peer.connection < 3) peer.close(1012, "going away");
    },
  );
  try {
    const retries: string[] = [];
    const onRetrying = ({ reason }: { reason: string }): void => void retries.push(reason);
    const heard = await listening("s", { onRetrying }, createResultsClient({ baseUrl: room.url, token: "secret" }));
    await once(() => heard.pieces.length === 3, "three connections");
    expect(heard.pieces.map(({ atMs, samples }) => [atMs, samples.length, samples[0]])).toEqual([
      [1, 1_600, 257],
      [2, 1_600, 257],
      [3, 1_600, 257],
    ]);
    expect(retries).toHaveLength(2);
    heard.stop();
    await heard.end;
  } finally {
    await room.close();
  }
});
