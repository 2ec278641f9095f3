/**
 * A media stream's sound as a live source: MediaStream → AudioWorklet → blocks of samples.
 *
 * Each block carries the time at which the audio thread had its last sample. So a page that is busy, and gets its
 * blocks late and all at once, makes no gap; a device that gives nothing, an interrupted context and a machine that
 * slept do, since the capture is live (SPEC O3). Knows nothing of seconds, outboxes and rooms.
 */
import type { Capture } from "../capture/capture.ts";
import { trackEndedFailure } from "../capture/capture-types.ts";
import { deferred } from "../capture/deferred.ts";
import { Emitter } from "../capture/emitter.ts";
import type { PcmFormat } from "../capture/pcm-framer.ts";
import { AudioSourceError } from "./audio-source-error.ts";
import { keepRunning } from "./keep-running.ts";
import { processorName } from "./source-processor.ts";
import { workletSource } from "./worklet-source.ts";

/** Of a block: few enough messages for a phone, and little lost with a tab. */
const blockSeconds = 0.1;
/** For the audio thread to hand over the last block; it does not run while the context is suspended. */
const flushTimeoutMs = 500;

/** What the processor posts; null: everything before the request to flush was posted. */
type Posted = { readonly samples: Float32Array; readonly endedAt: number } | null;

export interface AudioSourceEvents {
  /** The browser or the system stopped the audio; it is resumed as soon as the page is allowed to. `state`: the context's. */
  suspended: { readonly state: string };
  /** The audio runs again. It had stopped for `ms`, which is a gap. */
  resumed: { readonly ms: number };
}

/** A microphone, or the sound that a person shares. */
export interface AudioSource {
  /** Of its blocks: one channel or two, as the stream has, at the rate of the audio context. The capture averages them (C7). */
  readonly format: PcmFormat;
  /** Its tracks have the events `ended` (unplugged, or no longer shared) and `mute` (silenced by the system). */
  readonly stream: MediaStream;
  /** For a level meter, say. Nothing comes while it is suspended, and it is resumed whoever suspended it. */
  readonly context: AudioContext;
  /** @returns a function that takes the listener away. */
  on<K extends keyof AudioSourceEvents>(type: K, listener: (event: AudioSourceEvents[K]) => void): () => void;
  /**
   * Gives samples to the capture from now on. It must have the source's `format`, and be `live`. Throws CaptureFailedError (`ended`)
   * where its outbox says that the track had ended: nothing would be captured.
   */
  pipeTo(capture: Pick<Capture, "write" | "isSourceOver">): void;
  /** Hands over what it still has, and lets go of the device. Then `end` the capture. */
  close(): Promise<void>;
}

export interface AudioSourceOptions {
  /**
   * Where the page's server has `@roomtone/client/worklet.js`, of the same version: for a Content-Security-Policy without
   * `script-src blob:`. Default: a `blob:` URL.
   */
  readonly workletUrl?: string | URL;
}

/**
 * Captures the sound of any media stream: a call's other side, an element's `captureStream()`. Rejects with AudioSourceError.
 * `close` stops the stream's tracks, and so does a failure.
 */
export async function openStream(stream: MediaStream, { workletUrl }: AudioSourceOptions = {}): Promise<AudioSource> {
  let context: AudioContext | undefined;
  try {
    checkCanCapture("sound of a stream");
    if (stream.getAudioTracks().length === 0)
      throw new AudioSourceError(
        "no_audio_shared",
        "No sound was shared: share again, with the sound of the tab or system.",
      );
    // The device's own rate: not every browser connects a context of another one.
    context = new AudioContext();
    await Promise.all([loadWorklet(context, workletUrl), context.resume()]);
    return connect(stream, context);
  } catch (cause) {
    await letGo(stream, context);
    throw cause;
  }
}

/** Pages over plain http have neither devices nor an AudioWorklet, whatever the types say. */
export function checkCanCapture(what: string, isThere = true): void {
  if (isThere && "AudioWorkletNode" in globalThis) return;
  if (globalThis.isSecureContext) throw new AudioSourceError("unsupported", `This browser gives pages no ${what}.`);
  throw new AudioSourceError("needs_https", `The ${what} needs HTTPS: this page came over plain http.`);
}

/** Listeners of a source or a player, told from outside. */
export class SourceEvents extends Emitter<AudioSourceEvents> {
  tell<K extends keyof AudioSourceEvents>(type: K, event: AudioSourceEvents[K]): void {
    this.emit(type, event);
  }
}

function connect(stream: MediaStream, context: AudioContext): AudioSource {
  const source = context.createMediaStreamSource(stream);
  const channels = channelsOf(stream);
  const worklet = new AudioWorkletNode(context, processorName, {
    numberOfOutputs: 0,
    channelCount: channels,
    channelCountMode: "explicit",
    processorOptions: { blockSamples: Math.round(context.sampleRate * blockSeconds), channels },
  });
  // Unplugged: what would come is silence that nobody recorded.
  for (const track of stream.getAudioTracks()) track.addEventListener("ended", () => source.disconnect());
  const flushed = deferred<void>();
  const events = new SourceEvents();
  const stopResuming = keepRunning(context, stream, (type, event) => events.tell(type, event));
  return {
    format: { sampleRate: context.sampleRate, channels },
    stream,
    context,
    on: (type, listener) => events.on(type, listener),
    pipeTo(capture) {
      if (capture.isSourceOver) throw trackEndedFailure();
      worklet.port.addEventListener("message", ({ data }: MessageEvent<Posted>) => {
        if (data === null) flushed.resolve();
        // A block that a full outbox refused becomes part of a gap; why a capture failed, its `failed` event says.
        else capture.write(data.samples, data.endedAt).catch(() => undefined);
      });
      worklet.port.start();
      source.connect(worklet);
    },
    async close() {
      stopResuming();
      source.disconnect();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window.
      worklet.port.postMessage("flush");
      await Promise.race([flushed.promise, new Promise((resolve) => setTimeout(resolve, flushTimeoutMs))]);
      worklet.port.close();
      await letGo(stream, context);
    },
  };
}

/**
 * Not averaged before the capture sees them: it says where they cancel each other out. More than two the audio thread makes two. Not
 * every browser says how many there are: of one, both are the same.
 */
function channelsOf(stream: MediaStream): number {
  const counts = stream.getAudioTracks().map((track) => track.getSettings().channelCount ?? 2);
  return Math.max(1, Math.min(2, ...counts));
}

async function letGo(stream: MediaStream, context: AudioContext | undefined): Promise<void> {
  for (const track of stream.getTracks()) track.stop();
  if (context && context.state !== "closed") await context.close();
}

/** Loads what runs on the audio thread. @param given where the page's server has it; undefined: it is in this module. */
export async function loadWorklet(context: AudioContext, given: string | URL | undefined): Promise<void> {
  const url = given ?? URL.createObjectURL(new Blob([workletSource], { type: "text/javascript" }));
  try {
    await context.audioWorklet.addModule(url);
  } finally {
    if (given === undefined) URL.revokeObjectURL(String(url));
  }
}
