/**
 * One track of a recording: a source, the outbox in which its seconds wait, and the capture that brings them to the gateway.
 * What is told here is for a person: how much is kept, how much waits, and what is wrong.
 */
import { signal } from "@preact/signals";
import {
  type AudioSource,
  type Capture,
  createMemoryOutbox,
  openIdbOutbox,
  type Outbox,
  type PcmFormat,
  startCapture,
} from "../../browser/index.ts";
import { baseUrl } from "../api/gateway.ts";
import { channelWords, failureWords, sourceName } from "./capture-words.ts";
import { Level } from "./level.ts";
import { captureToken } from "./new-session.ts";

export type StrandLink = "connecting" | "connected" | "offline";

/** What an outbox that is only emptied is told of its source: nothing is written any more. */
const anyFormat: PcmFormat = { sampleRate: 16_000, channels: 1 };

export function outboxName(sessionId: string, track: string): string {
  return `roomtone/${sessionId}/${track}`;
}

/** Seconds of a track that a tab without storage holds: twenty minutes. */
const maxInMemory = 1_200;

/** @returns undefined where the browser's storage is full or fails: a recording that can be delivered is not to wait for it. */
async function openStored(sessionId: string, track: string, isLive: boolean): Promise<Outbox | undefined> {
  try {
    return await openIdbOutbox({ name: outboxName(sessionId, track) });
  } catch (cause) {
    if (isLive && cause instanceof DOMException) return undefined;
    throw cause;
  }
}

export class Strand {
  readonly track: string;
  /** Seconds that the gateway keeps. */
  readonly kept = signal(0);
  /** Seconds that were recorded and that it does not keep yet. */
  readonly waiting = signal(0);
  readonly link = signal<StrandLink>("connecting");
  /** The device is gone: nothing more comes. */
  readonly isGone = signal(false);
  /** The system or the browser holds the audio back. */
  readonly isHeldBack = signal(false);
  /** Nothing more will be taken; what was kept is kept. */
  readonly failure = signal<string | undefined>(undefined);
  /** The browser's storage is full or fails: what the gateway does not keep yet is in this tab alone. */
  readonly isUnstored = signal(false);
  /** Its channels don't go together. */
  readonly channelFault = signal<string | undefined>(undefined);
  /** What the gateway can't believe of seconds that it keeps. */
  readonly warning = signal<string | undefined>(undefined);
  /** Something is wrong, and may pass. */
  readonly trouble = signal<string | undefined>(undefined);
  readonly level: Level | undefined;
  readonly #capture: Capture;
  readonly #source: AudioSource | undefined;

  private constructor(track: string, capture: Capture, source: AudioSource | undefined, isStored: boolean) {
    this.track = track;
    this.isUnstored.value = !isStored;
    this.#capture = capture;
    this.#source = source;
    this.level = source && new Level(source);
    const keptBefore = capture.nextSeq - 1 - capture.lagSeconds;
    this.kept.value = Math.max(0, Math.floor(keptBefore));
    this.waiting.value = capture.lagSeconds;
    this.#listen();
    if (source) this.#watch(source);
    source?.pipeTo(capture);
  }

  /** Records from now on; goes on where an earlier page left the outbox. @param source undefined: only sends what is there. */
  static async open(sessionId: string, track: string, source: AudioSource | undefined): Promise<Strand> {
    const stored = await openStored(sessionId, track, source !== undefined);
    const outbox = stored ?? createMemoryOutbox(maxInMemory);
    try {
      const token = captureToken(sessionId);
      const capture = await startCapture({
        baseUrl,
        sessionId,
        track,
        outbox,
        format: source?.format ?? anyFormat,
        live: source !== undefined,
        clientId: "roomtone-console",
        ...(token && { token }),
      });
      return new Strand(track, capture, source, stored !== undefined);
    } catch (cause) {
      await outbox.close();
      throw cause;
    }
  }

  /** Ends the track, and waits until the gateway keeps all of it. */
  async end(): Promise<void> {
    this.level?.stop();
    await this.#source?.close();
    await this.#capture.end();
    await this.#capture.close();
  }

  /** Lets go of device and outbox; what waits stays in the outbox. */
  async leave(): Promise<void> {
    this.level?.stop();
    await this.#source?.close();
    await this.#capture.close();
  }

  #listen(): void {
    const capture = this.#capture;
    capture.on("connected", () => (this.link.value = "connected"));
    capture.on("disconnected", () => (this.link.value = "offline"));
    capture.on("retrying", () => (this.link.value = "offline"));
    capture.on("acked", () => (this.kept.value += 1));
    capture.on("lag", ({ seconds }) => (this.waiting.value = seconds));
    capture.on("limited", ({ detail }) => (this.trouble.value = `The gateway takes no more for a moment. ${detail}`));
    capture.on("full", () => {
      this.trouble.value = "This browser's storage is full: new seconds are lost until some were sent.";
    });
    capture.on("space", () => (this.trouble.value = undefined));
    capture.on("channels", (fault) => (this.channelFault.value = channelWords(fault, sourceName(this.track))));
    capture.on("warning", ({ detail }) => (this.warning.value = `What is recorded is kept, but look at it. ${detail}`));
    capture.on("outboxRetrying", () => (this.isUnstored.value = true));
    capture.on("outboxRecovered", () => (this.isUnstored.value = false));
    capture.on("acked", () => (this.trouble.value = undefined));
    capture.on("lost", ({ detail }) => (this.trouble.value = `A second was refused for good. ${detail}`));
    capture.on("failed", ({ code, detail }) => (this.failure.value = failureWords(code, detail)));
  }

  #watch(source: AudioSource): void {
    source.on("suspended", () => (this.isHeldBack.value = true));
    source.on("resumed", () => (this.isHeldBack.value = false));
    for (const audio of source.stream.getAudioTracks())
      audio.addEventListener("ended", () => (this.isGone.value = true));
  }
}
