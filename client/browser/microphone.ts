/**
 * A browser's microphone as a live source: getUserMedia → AudioWorklet → blocks of samples.
 *
 * Each block carries the time at which the audio thread had its last sample. So a page that is busy, and gets its
 * blocks late and all at once, makes no gap; a device that gives nothing, an interrupted context and a machine that
 * slept do, since the capture is live. Knows nothing of seconds, outboxes and rooms.
 */
import type { Capture } from "../capture/capture.ts";
import type { PcmFormat } from "../capture/pcm-framer.ts";

/** Of a block: few enough messages for a phone, and little lost with a tab. */
const blockSeconds = 0.1;
/** For the audio thread to hand over the last block; it does not run while the context is suspended. */
const flushTimeoutMs = 500;
const processorName = "roomtone-microphone";

/** Runs on the audio thread. A break in time ends a block, so that no block has samples of both sides of it. */
const processorSource = `registerProcessor("${processorName}", class extends AudioWorkletProcessor {
  constructor({ processorOptions }) {
    super();
    this.block = new Float32Array(processorOptions.blockSamples);
    this.filled = 0;
    this.endedAt = 0;
    this.port.onmessage = () => {
      this.send();
      this.port.postMessage(null);
    };
  }
  process([[samples]]) {
    const now = Date.now();
    const isFull = samples && this.filled + samples.length > this.block.length;
    if (!samples || isFull || now - this.endedAt > 250) this.send();
    if (!samples) return true;
    this.block.set(samples, this.filled);
    this.filled += samples.length;
    this.endedAt = now;
    return true;
  }
  send() {
    if (this.filled === 0) return;
    const samples = this.block.slice(0, this.filled);
    this.filled = 0;
    this.port.postMessage({ samples, endedAt: this.endedAt }, [samples.buffer]);
  }
});`;

/** What the processor posts; null: everything before `close` was posted. */
type Posted = { readonly samples: Float32Array; readonly endedAt: number } | null;

export interface Microphone {
  /** Of its blocks: mono, at the rate of the audio context. */
  readonly format: PcmFormat;
  /** The device: tells when it is unplugged (`ended`) or silenced by the system (`mute`). */
  readonly stream: MediaStream;
  /** For a level meter, say. While it is suspended nothing comes, and the capture leaves a gap. */
  readonly context: AudioContext;
  /** Gives samples to the capture from now on. It must have the microphone's `format`, and be `live`. */
  pipeTo(capture: Pick<Capture, "write">): void;
  /** Hands over what it still has, and lets go of the device. Then `end` the capture. */
  close(): Promise<void>;
}

/**
 * Asks for the microphone. Rejects as `getUserMedia` does: `NotAllowedError`, `NotFoundError`, …
 * Call it in a handler of a click: where the page may make no use of audio yet, it waits until a person used the page.
 *
 * @param constraints of the audio track, such as `{ deviceId, echoCancellation: false }`.
 */
export async function openMicrophone(constraints: MediaTrackConstraints = {}): Promise<Microphone> {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: constraints });
  // The device's own rate: not every browser connects a context of another one.
  const context = new AudioContext();
  try {
    await Promise.all([loadProcessor(context), context.resume()]);
    return connect(stream, context);
  } catch (cause) {
    await letGo(stream, context);
    throw cause;
  }
}

function connect(stream: MediaStream, context: AudioContext): Microphone {
  const source = context.createMediaStreamSource(stream);
  const worklet = new AudioWorkletNode(context, processorName, {
    numberOfOutputs: 0,
    channelCount: 1,
    channelCountMode: "explicit",
    processorOptions: { blockSamples: Math.round(context.sampleRate * blockSeconds) },
  });
  // Unplugged: what would come is silence that nobody recorded.
  for (const track of stream.getAudioTracks()) track.addEventListener("ended", () => source.disconnect());
  const flushed = Promise.withResolvers<void>();
  return {
    format: { sampleRate: context.sampleRate, channels: 1 },
    stream,
    context,
    pipeTo(capture) {
      worklet.port.addEventListener("message", ({ data }: MessageEvent<Posted>) => {
        if (data === null) flushed.resolve();
        // A block that a full outbox refused becomes part of a gap; why a capture failed, its `failed` event tells.
        else capture.write(data.samples, data.endedAt).catch(() => undefined);
      });
      worklet.port.start();
      source.connect(worklet);
    },
    async close() {
      source.disconnect();
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window.
      worklet.port.postMessage("flush");
      await Promise.race([flushed.promise, new Promise((resolve) => setTimeout(resolve, flushTimeoutMs))]);
      worklet.port.close();
      await letGo(stream, context);
    },
  };
}

async function letGo(stream: MediaStream, context: AudioContext): Promise<void> {
  for (const track of stream.getTracks()) track.stop();
  if (context.state !== "closed") await context.close();
}

async function loadProcessor(context: AudioContext): Promise<void> {
  const url = URL.createObjectURL(new Blob([processorSource], { type: "text/javascript" }));
  try {
    await context.audioWorklet.addModule(url);
  } finally {
    URL.revokeObjectURL(url);
  }
}
