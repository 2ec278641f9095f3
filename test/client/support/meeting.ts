/** A meeting whose audio can be made again, a source that reads it faster than real time, and the room's own word on what it keeps. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { Capture } from "../../../client/capture/capture.ts";
import type { CaptureEvents } from "../../../client/capture/capture-types.ts";
import { chunkBytes, chunkSamples } from "../../../schemas/wire/audio.ts";
import { createHashChain } from "../../../schemas/chain.ts";
import { type SessionResult, sessionResultSchema } from "../../../schemas/http/result.ts";
import { pcm } from "../../../client/testkit/frames.ts";
import { postJson, send } from "../../support/gateway-http.ts";
import type { GatewayProcess } from "../../../scripts/local/gateway-process.ts";
import { until } from "../../../client/testkit/until.ts";

export const wireFormat = { sampleRate: 16_000, channels: 1 } as const;
const audioSeed = 1;
/** Not a divisor of a second: seconds and blocks must not fall together by luck. */
const blockSamples = 7_000;

/** The source's samples from second `from` to second `to`, counted from 1, both included. */
export function samplesOf(from: number, to: number): Int16Array<ArrayBuffer> {
  const samples = new Int16Array((to - from + 1) * chunkSamples);
  for (let seq = from; seq <= to; seq += 1) {
    samples.set(new Int16Array(pcm(audioSeed, seq).buffer), (seq - from) * chunkSamples);
  }
  return samples;
}

/** Writes samples in blocks, and offers again what was refused. @returns how often that was. */
export async function feed(capture: Capture, samples: Int16Array): Promise<number> {
  let refusals = 0;
  for (let at = 0; at < samples.length; at += blockSamples) {
    while (!(await capture.write(samples.subarray(at, at + blockSamples)))) {
      refusals += 1;
      await capture.whenSpace();
    }
  }
  return refusals;
}

type Heard = { [K in keyof CaptureEvents]: { readonly type: K } & CaptureEvents[K] }[keyof CaptureEvents];

/** Writes down what a capture tells. */
export class Listener {
  readonly heard: Heard[] = [];

  constructor(capture: Capture) {
    const types = ["connected", "disconnected", "retrying", "acked", "gap", "stalled", "full", "space"] as const;
    const ends = ["renumbered", "lost", "outboxRetrying", "failed", "ended"] as const;
    for (const type of [...types, ...ends]) capture.on(type, (event) => this.heard.push({ ...event, type } as Heard));
  }

  of<K extends keyof CaptureEvents>(type: K): Extract<Heard, { type: K }>[] {
    return this.heard.filter((event): event is Extract<Heard, { type: K }> => event.type === type);
  }

  /** Waits for `count` events of a type. @returns the last of them. */
  async next<K extends keyof CaptureEvents>(type: K, count = 1): Promise<Extract<Heard, { type: K }>> {
    return until(() => this.of(type)[count - 1], {
      what: () => `${count} × ${type}; heard ${JSON.stringify(this.heard.slice(-8))}`,
      timeoutMs: 20_000,
    });
  }
}

/** Ends the session and reads its result. */
export async function finalize(
  gateway: GatewayProcess,
  session: string,
  expect: Readonly<Record<string, number>> = {},
): Promise<SessionResult> {
  const answer = await postJson(gateway, `/v1/sessions/${session}/finalize`, { expect });
  assert.ok(answer.status === 200 || answer.status === 202, answer.text);
  const result = await until(
    async () => {
      const got = await send(gateway, `/v1/sessions/${session}/result`);
      return got.status === 200 ? got.text : undefined;
    },
    { what: `the result of ${session}`, timeoutMs: 20_000 },
  );
  return sessionResultSchema.parse(JSON.parse(result));
}

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

/** SPEC H1 over what the source had at these numbers. */
export function chainOf(
  session: string,
  track: string,
  chunks: Iterable<readonly [seq: number, pcm: Uint8Array]>,
): string {
  const chain = createHashChain({ tenant: "default", sessionId: session, track }, sha256);
  for (const [seq, bytes] of chunks) chain.add(seq, sha256(bytes));
  return chain.head();
}

/** The source's second `source`, whose samples from `samples` on are silence. */
export function second(source: number, samples = chunkSamples): Uint8Array {
  const bytes = new Uint8Array(chunkBytes);
  bytes.set(pcm(audioSeed, source).subarray(0, samples * 2));
  return bytes;
}

/** Finalizes, and demands that the room keeps the source's first `seconds` seconds, to the byte, and nothing else. */
export async function expectWhole(
  gateway: GatewayProcess,
  session: string,
  seconds: number,
  track = "mixed",
): Promise<SessionResult> {
  const result = await finalize(gateway, session, { [track]: seconds });
  assert.equal(result.coverage, 1);
  assert.deepEqual(result.gaps, []);
  const audio = result.audio.find((one) => one.track === track);
  const source = Array.from({ length: seconds }, (_, i) => [i + 1, second(i + 1)] as const);
  assert.equal(audio?.chain_head, chainOf(session, track, source), "the audio differs from the source");
  assert.equal(audio.chunks, seconds);
  return result;
}
