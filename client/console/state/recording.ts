/**
 * The recording of this tab: at most one, whichever view is looked at. What the gateway does not keep yet is in the browser's
 * storage, second by second, so that a reload or a crash loses nothing that was recorded.
 */
import { computed, type ReadonlySignal, signal } from "@preact/signals";
import { type AudioSource, openDisplayAudio, openMicrophone } from "../../browser/index.ts";
import { workletUrl } from "virtual:console-files";
import { gateway, withAccess } from "../api/gateway.ts";
import { credential } from "./access.ts";
import { beginWords, type SourceKind, sourceWords, unnamedWords } from "./capture-words.ts";
import { newSessionId } from "./new-session.ts";
import { notify } from "./notices.ts";
import { Strand } from "./strand.ts";
import { forget, lookForUnfinished, note, type Unfinished } from "./unfinished.ts";

export type Phase = "recording" | "ending" | "ended";

export interface Wanted {
  readonly kinds: readonly SourceKind[];
  readonly title: string;
  /** Whether what is said is written down as it is said; undefined: as the installation does. */
  readonly hasCaptions: boolean | undefined;
  /** Of the microphone; the browser's choice without it. */
  readonly deviceId: string | undefined;
}

export class Recording {
  readonly sessionId: string;
  readonly title: string;
  readonly startedAt: number;
  readonly phase = signal<Phase>("recording");
  readonly strands: readonly Strand[];
  /** Of the track that is furthest behind. */
  readonly kept: ReadonlySignal<number> = computed(() => Math.min(...this.strands.map(({ kept }) => kept.value)));
  readonly waiting: ReadonlySignal<number> = computed(() =>
    Math.max(...this.strands.map(({ waiting }) => waiting.value)),
  );
  readonly isOffline = computed(() => this.strands.some(({ link }) => link.value === "offline"));

  constructor({ sessionId, title, startedAt }: Unfinished, strands: readonly Strand[]) {
    this.sessionId = sessionId;
    this.title = title;
    this.startedAt = startedAt;
    this.strands = strands;
  }
}

export const recording = signal<Recording | undefined>(undefined);
/** Between the click and the first second. */
export const isOpening = signal(false);
/** Why it did not begin. */
export const openProblem = signal<string | undefined>(undefined);

/** Call it in a handler of a click. */
export async function startRecording({ kinds, title, hasCaptions, deviceId }: Wanted): Promise<void> {
  const own = credential.value?.sessionId;
  const sessionId = own ?? newSessionId("recording");
  const startedAt = Date.now();
  const named = title.trim() || unnamedWords(startedAt);
  const noted = { sessionId, title: named, tracks: kinds, startedAt, isEnding: false };
  await open(noted, kinds, deviceId, async () => {
    // A token is for a meeting that is there.
    if (own !== undefined) return;
    const captions = hasCaptions === undefined ? {} : ({ captions: hasCaptions ? "live" : "off" } as const);
    await withAccess(() => gateway.createSession({ session_id: sessionId, title: named, ...captions }));
  });
}

/** Goes on with a recording that a reload or a crash cut off: the time without one is a gap. */
export async function continueRecording(noted: Unfinished, deviceId?: string): Promise<void> {
  const kinds = noted.tracks.filter((track) => track === "mic" || track === "system");
  await open(noted, kinds, deviceId, () => Promise.resolve());
}

/** Sends what a reload or a crash left behind, and ends the meeting. */
export async function finishRecording(noted: Unfinished): Promise<void> {
  await opening(async () => {
    const strands = await openStrands(noted, new Map());
    recording.value = new Recording({ ...noted, isEnding: true }, strands);
    await stopRecording();
  });
}

async function open(
  noted: Unfinished,
  kinds: readonly SourceKind[],
  deviceId: string | undefined,
  prepare: () => Promise<void>,
): Promise<void> {
  await opening(async () => {
    const sources = await openSources(kinds, deviceId);
    try {
      await prepare();
      const strands = await openStrands(noted, sources);
      note(noted);
      recording.value = new Recording(noted, strands);
      await keepAwake();
    } catch (cause) {
      for (const source of sources.values()) await source.close();
      throw cause;
    }
  });
}

async function opening(work: () => Promise<void>): Promise<void> {
  isOpening.value = true;
  openProblem.value = undefined;
  try {
    await work();
  } catch (cause) {
    openProblem.value = cause instanceof SourceProblem ? cause.message : beginWords(cause);
  } finally {
    isOpening.value = false;
    await lookForUnfinished();
  }
}

/** Said for a person already. */
class SourceProblem extends Error {}

async function openSources(
  kinds: readonly SourceKind[],
  deviceId: string | undefined,
): Promise<ReadonlyMap<string, AudioSource>> {
  const sources = new Map<string, AudioSource>();
  // What is shared first: a browser asks for it only right after the click.
  for (const kind of kinds.toSorted((a, b) => b.localeCompare(a))) {
    try {
      const opened =
        kind === "mic"
          ? openMicrophone(microphoneOf(deviceId, kinds.length > 1), { workletUrl })
          : openDisplayAudio(undefined, { workletUrl });
      sources.set(kind, await opened);
    } catch (cause) {
      for (const source of sources.values()) await source.close();
      throw new SourceProblem(sourceWords(cause, kind), { cause });
    }
  }
  return sources;
}

/**
 * As faithful as a microphone gets: what suppresses noise also changes voices, by which speakers are told apart. Of the two tracks
 * of a call, this one must not have the other's sound out of the loudspeaker.
 */
function microphoneOf(deviceId: string | undefined, isCall: boolean): MediaTrackConstraints {
  const faithful = { echoCancellation: isCall, noiseSuppression: false, autoGainControl: true };
  return deviceId === undefined ? faithful : { ...faithful, deviceId: { exact: deviceId } };
}

async function openStrands(
  { sessionId, tracks }: Unfinished,
  sources: ReadonlyMap<string, AudioSource>,
): Promise<readonly Strand[]> {
  const strands: Strand[] = [];
  try {
    for (const track of tracks) strands.push(await Strand.open(sessionId, track, sources.get(track)));
    return strands;
  } catch (cause) {
    for (const strand of strands) await strand.leave();
    throw cause;
  }
}

/** Ends every track, waits until the gateway keeps them, and ends the meeting. @returns whether it came so far. */
export async function stopRecording(): Promise<boolean> {
  const current = recording.value;
  if (!current || current.phase.value !== "recording") return false;
  const { sessionId, title, startedAt, strands } = current;
  const tracks = strands.map(({ track }) => track);
  current.phase.value = "ending";
  note({ sessionId, title, tracks, startedAt, isEnding: true });
  try {
    await Promise.all(strands.map((strand) => strand.end()));
    await endMeeting(sessionId);
    await forget({ sessionId, tracks });
    current.phase.value = "ended";
    return true;
  } catch (cause) {
    const why = strands.find(({ failure }) => failure.value !== undefined)?.failure.value ?? beginWords(cause);
    notify("problem", `The recording did not come to its end. ${why}`);
    for (const strand of strands) await strand.leave();
    return false;
  } finally {
    letSleep();
    recording.value = undefined;
    await lookForUnfinished();
  }
}

/** A token may record and not end: then the meeting goes on for the others. */
async function endMeeting(sessionId: string): Promise<void> {
  if (credential.value?.kind === "token") return;
  await withAccess(() => gateway.finalize(sessionId));
}

let wakeLock: WakeLockSentinel | undefined;

/** Asks for storage that is not cleared, and a screen that stays on. Either may be refused, and nothing hangs on it. */
async function keepAwake(): Promise<void> {
  try {
    await navigator.storage.persist();
    wakeLock = await navigator.wakeLock.request("screen");
  } catch {
    wakeLock = undefined;
  }
}

function letSleep(): void {
  // A lock that the browser has let go of already is no failure.
  wakeLock?.release().catch(() => undefined);
  wakeLock = undefined;
}

globalThis.addEventListener("beforeunload", (event) => {
  // The browser asks whether the person means it.
  if (recording.value?.phase.value === "recording") event.preventDefault();
});
