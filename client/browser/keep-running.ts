/**
 * Resumes an audio context that the browser or the system suspended: a call came in, the page was in the background, the
 * output device went away. When a page may resume it, no browser says; so it is tried at each event after which it may.
 */
import type { AudioSourceEvents } from "./audio-source.ts";

type Tell = <K extends keyof AudioSourceEvents>(type: K, event: AudioSourceEvents[K]) => void;

/** The gestures that let a page start audio. */
const gestures = ["pointerup", "keydown"] as const;

/** @returns what ends it. */
export function keepRunning(context: AudioContext, stream: MediaStream, tell: Tell): () => void {
  const ended = new AbortController();
  let suspendedAt: number | undefined;
  const resume = (): void => {
    // Refused: the next event tries again.
    if (context.state !== "running" && context.state !== "closed") context.resume().catch(() => undefined);
  };
  const follow = (): void => {
    if (context.state === "closed") return;
    if (context.state !== "running") {
      if (suspendedAt === undefined) tell("suspended", { state: context.state });
      suspendedAt ??= performance.now();
      return resume();
    }
    if (suspendedAt !== undefined) tell("resumed", { ms: performance.now() - suspendedAt });
    suspendedAt = undefined;
  };
  const listen = (target: EventTarget, types: readonly string[], listener: () => void): void => {
    for (const type of types) target.addEventListener(type, listener, { signal: ended.signal });
  };
  listen(context, ["statechange"], follow);
  listen(document, ["visibilitychange", "resume", ...gestures], resume);
  listen(globalThis, ["focus", "pageshow"], resume);
  listen(navigator.mediaDevices, ["devicechange"], resume);
  for (const track of stream.getAudioTracks()) listen(track, ["unmute"], resume);
  follow();
  return () => ended.abort();
}
