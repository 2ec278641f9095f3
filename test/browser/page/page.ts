/** What a page of the tests can do: the library, by commands whose arguments and answers are plain data. */
import { openIdbOutbox } from "../../../client/browser/idb-outbox.ts";
import { AudioSourceError } from "../../../client/browser/audio-source-error.ts";
import { type Microphone, openDisplayAudio, openMicrophone } from "../../../client/browser/microphone.ts";
import {
  type Capture,
  type CaptureEnd,
  type CaptureEvents,
  type CaptureOptions,
  startCapture,
} from "../../../client/index.ts";
import { track } from "./names.ts";
import { blocksOf, samplesOf } from "./source.ts";

type Heard = { [K in keyof CaptureEvents]: { readonly type: K } & CaptureEvents[K] }[keyof CaptureEvents];
type Start = Pick<CaptureOptions, "baseUrl" | "sessionId" | "format" | "live">;

const heard: Heard[] = [];
const audioEvents: string[] = [];
let capture: Capture | undefined;
let microphone: Microphone | undefined;

function running(): Capture {
  if (!capture) throw new Error("no capture was started in this tab");
  return capture;
}

async function start(options: Start): Promise<number> {
  const outbox = await openIdbOutbox({ name: `roomtone/${options.sessionId}/${track}` });
  capture = await startCapture({ ...options, track, outbox });
  const types = ["connected", "disconnected", "retrying", "acked", "gap", "stalled", "lost", "failed"] as const;
  for (const type of types) capture.on(type, (event) => heard.push({ ...event, type } as Heard));
  return capture.nextSeq;
}

const commands = {
  /** @returns the number of the next second. */
  start,

  /** Feeds the source's seconds, one every `paceMs`, and tells the test (`tellWritten`) of each that is taken. */
  async feed(from: number, to: number, rate: number, paceMs = 0): Promise<void> {
    for (let second = from; second <= to; second += 1) {
      for (const block of blocksOf(samplesOf(second, rate))) {
        if (!(await running().write(block))) throw new Error("the outbox is full");
      }
      await tellWritten(second);
      if (paceMs > 0) await new Promise((resolve) => setTimeout(resolve, paceMs));
    }
  },

  heard: (): readonly Heard[] => heard,
  reconnect: (): void => running().reconnect(),
  lag: (): number => running().lagSeconds,

  async end(): Promise<CaptureEnd> {
    await microphone?.close();
    const end = await running().end();
    await running().close();
    return end;
  },

  /** Captures the microphone. @returns its sample rate. */
  async record(options: Omit<Start, "format" | "live">): Promise<number> {
    const raw = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    microphone = await openMicrophone(raw);
    await start({ ...options, format: microphone.format, live: true });
    for (const type of ["suspended", "resumed"] as const) microphone.on(type, () => audioEvents.push(type));
    microphone.pipeTo(running());
    return microphone.format.sampleRate;
  },

  /** What the system does when a call comes in: the page can't resume the audio before `allowResume`. */
  async suspend(): Promise<void> {
    if (!microphone) return;
    microphone.context.resume = () => Promise.reject(new DOMException("A call is on.", "InvalidStateError"));
    await microphone.context.suspend();
  },
  suspendOnce: async () => microphone?.context.suspend(),
  /** The call is over, and the page is in front again. */
  allowResume(): void {
    Reflect.deleteProperty(microphone?.context ?? {}, "resume");
    document.dispatchEvent(new Event("visibilitychange"));
  },
  audioEvents: (): readonly string[] => audioEvents,

  /** Opens and closes a source. @returns "opened", or why it could not be opened. */
  async tryOpen(what: "microphone" | "display" | "silent display"): Promise<string> {
    if (what !== "microphone") shareScreen(what === "display");
    try {
      const source = await (what === "microphone" ? openMicrophone() : openDisplayAudio());
      await source.close();
      return "opened";
    } catch (cause) {
      return cause instanceof AudioSourceError ? cause.reason : String(cause);
    }
  },

  /** What a browser does when the device is pulled out. A fake one can't be. */
  unplug(): void {
    for (const audio of microphone?.stream.getAudioTracks() ?? []) audio.dispatchEvent(new Event("ended"));
  },

  /** What a system does that sets its clock. */
  setClock(byMs: number): void {
    const before = Date.now;
    Date.now = () => before() + byMs;
  },

  /** Does nothing else for a while, as a page that lays out a huge table. */
  block(ms: number): void {
    const until = performance.now() + ms;
    while (performance.now() < until);
  },
};

/** Has the person share a canvas: a headless browser has no screen. */
function shareScreen(hasSound: boolean): void {
  const { mediaDevices: devices } = navigator as { readonly mediaDevices?: MediaDevices };
  if (!devices) return;
  devices.getDisplayMedia = () => {
    const stream = document.createElement("canvas").captureStream();
    const sound = new AudioContext().createMediaStreamDestination().stream;
    if (hasSound) for (const audio of sound.getAudioTracks()) stream.addTrack(audio);
    return Promise.resolve(stream);
  };
}

export type Commands = typeof commands;
declare global {
  // Of the page: set here, called by the test.
  var commands: Commands;
  function tellWritten(second: number): Promise<void>;
}
globalThis.commands = commands;
