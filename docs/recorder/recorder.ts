/**
 * A page that records a meeting: the microphone as the track `mic` and, where the person wants it, what a tab or screen sounds like
 * as the track `tab`. It says at any time what is kept, and what is not. Try it:
 *
 *   ALLOWED_ORIGINS=http://localhost:5173 npm start
 *   npx vite docs/recorder --port 5173       → http://localhost:5173/?gateway=http://127.0.0.1:8787&session=monday
 *
 * The gateway is this page's own server or one on this machine; for another one, write its address in below.
 * `tokens=/my-backend/token` names what answers with a fresh session token, where the gateway asks for one.
 */
import {
  type AudioSource,
  type Capture,
  openDisplayAudio,
  openIdbOutbox,
  openMicrophone,
  startCapture,
} from "@roomtone/client/browser";

const query = new URLSearchParams(location.search);
const baseUrl = gatewayOf(query.get("gateway") ?? location.origin);
const sessionId = query.get("session") ?? "demo-2";
const tokens = query.get("tokens");

interface Recording {
  readonly source: AudioSource;
  readonly capture: Capture;
  readonly say: (words: string) => void;
}
let recordings: Recording[] = [];

/** Anyone can make a link to this page: it must not have a microphone, and a token, sent where the link says. */
function gatewayOf(address: string): string {
  const { origin, hostname } = new URL(address);
  const isOwn = origin === location.origin || ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  if (!isOwn)
    throw new Error("gateway: this page's own server, or this machine; write another one's address into the page");
  return address;
}

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.querySelector(`#${id}`);
  if (!(found instanceof kind)) throw new TypeError(`the page has no #${id}`);
  return found;
}
const startButton = element("start", HTMLButtonElement);
const stopButton = element("stop", HTMLButtonElement);
const deviceList = element("device", HTMLSelectElement);

/** A track's line on the page: its name, its level, and a sentence. */
function addLine(track: string): { say: (words: string) => void; meter: HTMLMeterElement } {
  const line = document.createElement("div");
  line.className = "track";
  line.dataset["track"] = track;
  const meter = document.createElement("meter");
  const words = document.createElement("output");
  line.append(`${track} `, meter, " ", words);
  element("tracks", HTMLDivElement).append(line);
  return { say: (text) => void (words.textContent = text), meter };
}

function showLevel({ context, stream }: AudioSource, meter: HTMLMeterElement): void {
  const analyser = new AnalyserNode(context, { fftSize: 1_024 });
  context.createMediaStreamSource(stream).connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const draw = (): void => {
    analyser.getFloatTimeDomainData(samples);
    meter.value = Math.min(1, 3 * Math.sqrt(samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length));
    if (context.state !== "closed") requestAnimationFrame(draw);
  };
  draw();
}

/** Asked before every connection, since a token expires. What it throws is a failed attempt, and is tried again. */
async function token(): Promise<string> {
  const answer = await fetch(`${tokens}?session=${encodeURIComponent(sessionId)}`);
  if (!answer.ok) throw new Error(`no token: HTTP ${answer.status}`);
  return answer.text();
}

async function record(track: string, open: () => Promise<AudioSource>): Promise<void> {
  const { say, meter } = addLine(track);
  let source: AudioSource | undefined;
  let capture: Capture | undefined;
  try {
    say("waiting for permission");
    source = await open();
    // What is in the outbox outlives a reload, a crash and a long time offline: the next capture of this session goes on with it.
    const outbox = await openIdbOutbox({ name: `roomtone/${sessionId}/${track}` });
    const { format } = source;
    const credential = tokens === null ? {} : { token };
    capture = await startCapture({ baseUrl, sessionId, track, live: true, format, outbox, ...credential });
    follow(source, capture, say);
    source.pipeTo(capture);
    showLevel(source, meter);
    recordings.push({ source, capture, say });
  } catch (cause) {
    await source?.close();
    await capture?.close();
    say(`not recorded: ${String(cause)}`);
  }
}

function follow(source: AudioSource, capture: Capture, say: (words: string) => void): void {
  let link = "connecting";
  let unsaved = "";
  let doubt = "";
  const tell = (): void => {
    const kept = Math.max(0, capture.sourceSeconds - capture.lagSeconds);
    say(`${link}, ${kept} s kept, ${capture.lagSeconds} s waiting${unsaved}${doubt}`);
  };
  const linkIs = (words: string): void => {
    link = words;
    tell();
  };
  capture.on("lag", tell);
  capture.on("connected", () => linkIs("live"));
  capture.on("retrying", ({ reason }) => linkIs(`recording offline (${reason})`));
  capture.on("unsaved", ({ seconds }) => {
    unsaved = seconds === 0 ? "" : `, ${seconds} s of them in this tab alone: keep it open`;
    tell();
  });
  capture.on("channels", ({ kind }) => {
    doubt = `; ${kind === "cancel" ? "its channels cancel each other out" : "only one of its channels has sound"}: give it as mono`;
    tell();
  });
  capture.on("warning", ({ detail }) => {
    doubt = `; ${detail}`;
    tell();
  });
  capture.on("full", () => linkIs("the browser's storage is full: what is said now is lost"));
  capture.on("space", () => linkIs("live"));
  source.on("suspended", () => linkIs("stopped by the system"));
  source.on("resumed", () => linkIs("live"));
  for (const audio of source.stream.getAudioTracks())
    audio.addEventListener("ended", () => linkIs("no sound any more"));
  capture.on("failed", ({ code, detail }) => say(`over: ${detail} (${code})`));
}

async function finish({ source, capture, say }: Recording): Promise<void> {
  try {
    await source.close();
    say("sending the rest");
    const { complete, missing } = await capture.end();
    say(complete ? "all of it is kept" : `kept, but for ${missing.length} gaps`);
  } catch (cause) {
    // The capture failed. What is in the outbox goes on with the next one.
    say(`not all of it is kept: ${String(cause)}`);
  } finally {
    await capture.close();
  }
}

async function listDevices(): Promise<void> {
  // Without permission they have no names.
  const devices = await navigator.mediaDevices.enumerateDevices();
  const inputs = devices.filter(({ kind, label }) => kind === "audioinput" && label !== "");
  deviceList.replaceChildren(
    new Option("the default", ""),
    ...inputs.map(({ label, deviceId }) => new Option(label, deviceId)),
  );
}

async function start(): Promise<void> {
  startButton.disabled = true;
  element("tracks", HTMLDivElement).replaceChildren();
  recordings = [];
  // A full disk must not take the outbox away. Where the browser refuses, it is kept as long as the browser likes.
  await navigator.storage.persist().catch(() => false);
  // A share needs the click, which lasts for seconds only: first.
  if (element("share", HTMLInputElement).checked) await record("tab", () => openDisplayAudio());
  const deviceId = deviceList.value;
  await record("mic", () => openMicrophone(deviceId === "" ? {} : { deviceId: { exact: deviceId } }));
  if (recordings.length > 0) await listDevices();
  stopButton.disabled = recordings.length === 0;
  startButton.disabled = recordings.length > 0;
}

async function stop(): Promise<void> {
  stopButton.disabled = true;
  await Promise.all(recordings.map((recording) => finish(recording)));
  startButton.disabled = false;
}

startButton.addEventListener("click", () => void start());
stopButton.addEventListener("click", () => void stop());
