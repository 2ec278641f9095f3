/**
 * Plays live audio as it comes (SPEC V9): a short delay for what a network holds back, each track by itself, all of them together. Knows
 * no gateway: it is given pieces, by `listen` say.
 */
import type { LivePiece } from "../live/live-piece.ts";
import { type AudioSourceEvents, checkCanCapture, loadWorklet, SourceEvents } from "./audio-source.ts";
import { keepRunning } from "./keep-running.ts";
import { maxTracks, playerName } from "./player-processor.ts";
import { Upsampler } from "./upsampler.ts";

/** Twice and three times the rates of live audio; browsers bring it to the device's own. */
const playedHz = 48_000;

export interface LivePlayerOptions {
  /** As `AudioSourceOptions` has it. */
  readonly workletUrl?: string | URL;
}

export type LivePlayerEvents = AudioSourceEvents;

export interface LivePlayer {
  readonly context: AudioContext;
  /** What is heard, on its way to the loudspeakers: for a level meter, say. */
  readonly output: AudioNode;
  /** Whether the browser holds the sound back until the person clicks or types: it goes on by itself then. */
  readonly isSilenced: boolean;
  /** @returns a function that takes the listener away. */
  on<K extends keyof LivePlayerEvents>(type: K, listener: (event: LivePlayerEvents[K]) => void): () => void;
  /** Plays a piece after those of its track that came before. */
  push(piece: LivePiece): void;
  /** Plays all that comes; settles as the iteration does. */
  play(pieces: AsyncIterable<LivePiece>): Promise<void>;
  /** Ends the sound, and lets go of the device. What comes later is dropped. */
  close(): Promise<void>;
}

/**
 * A player, and the permission to make sound: to be called while the person's click is handled. Elsewhere `isSilenced` is true until the
 * next one. Rejects with AudioSourceError where a page can't play.
 */
export async function openLivePlayer({ workletUrl }: LivePlayerOptions = {}): Promise<LivePlayer> {
  checkCanCapture("sound of a meeting");
  const context = new AudioContext({ sampleRate: playedHz, latencyHint: "interactive" });
  const events = new SourceEvents();
  // Resumes at once, which is still within the click.
  const stopResuming = keepRunning(context, new MediaStream(), (type, event) => events.tell(type, event));
  try {
    await loadWorklet(context, workletUrl);
  } catch (cause) {
    stopResuming();
    await context.close();
    throw cause;
  }
  const output = new AudioWorkletNode(context, playerName, { numberOfInputs: 0, outputChannelCount: [1] });
  output.connect(context.destination);
  const upsamplers = new Map<string, Upsampler>();
  let isOver = false;
  const push = (piece: LivePiece): void => {
    if (isOver) return;
    const samples = upsamplerFor(upsamplers, piece).push(piece.samples);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port, not a window.
    output.port.postMessage({ track: piece.track, samples, flush: piece.flush }, [samples.buffer]);
  };
  return {
    context,
    output,
    get isSilenced() {
      return context.state !== "running";
    },
    on: (type, listener) => events.on(type, listener),
    push,
    async play(pieces) {
      for await (const piece of pieces) push(piece);
    },
    async close() {
      if (isOver) return;
      isOver = true;
      stopResuming();
      output.disconnect();
      await context.close();
    },
  };
}

/** Of a track at one rate. One that begins anew has nothing of what came before in it. */
function upsamplerFor(all: Map<string, Upsampler>, { track, sampleRate, flush }: LivePiece): Upsampler {
  const key = `${track}/${sampleRate}`;
  const known = flush ? undefined : all.get(key);
  if (known) return known;
  const [oldest] = all.keys();
  if (all.size >= maxTracks && oldest !== undefined) all.delete(oldest);
  const made = new Upsampler(playedHz / sampleRate);
  all.set(key, made);
  return made;
}
