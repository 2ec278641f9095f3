/** A file that a person drops becomes a meeting: streamed as fast as the gateway takes it. One at a time. */
import { signal } from "@preact/signals";
import { type AudioFile, type Capture, openAudioFile, startCapture } from "../../browser/index.ts";
import { baseUrl, gateway, withAccess } from "../api/gateway.ts";
import { beginWords, channelWords } from "./capture-words.ts";
import { captureToken, newSessionId } from "./new-session.ts";
import { notify } from "./notices.ts";

export interface FileProgress {
  readonly sessionId: string;
  readonly name: string;
  /** Of the file: kept, and in all. */
  readonly keptMs: number;
  readonly durationMs: number;
}

export const fileProgress = signal<FileProgress | undefined>(undefined);
/** Between the drop and the first second. */
export const isReadingFile = signal(false);

const maxTitleChars = 200;

/** @returns the meeting's id, as soon as there is something to see. */
export async function streamFile(file: File): Promise<string> {
  if (fileProgress.value || isReadingFile.value)
    throw new Error("Another file is being streamed. Wait until it is done.");
  isReadingFile.value = true;
  try {
    const audio = await openAudioFile(file);
    const sessionId = newSessionId("file");
    const title = file.name.slice(0, maxTitleChars).toWellFormed();
    await withAccess(() => gateway.createSession({ session_id: sessionId, title }));
    const token = captureToken(sessionId);
    const capture = await startCapture({
      baseUrl,
      sessionId,
      format: audio.format,
      clientId: "roomtone-console",
      ...(token && { token }),
    });
    fileProgress.value = { sessionId, name: file.name, keptMs: 0, durationMs: audio.durationMs };
    void stream(capture, audio, sessionId);
    return sessionId;
  } finally {
    isReadingFile.value = false;
  }
}

async function stream(capture: Capture, audio: AudioFile, sessionId: string): Promise<void> {
  capture.on("acked", () => {
    const now = fileProgress.value;
    if (now) fileProgress.value = { ...now, keptMs: Math.min(now.durationMs, now.keptMs + 1_000) };
  });
  let fault = audio.warning;
  capture.on("channels", (found) => (fault = channelWords(found, "file")));
  try {
    for await (const block of audio.blocks()) while (!(await capture.write(block))) await capture.whenSpace();
    await capture.end();
    await gateway.finalize(sessionId);
    if (fault === undefined) notify("done", "The file is a meeting now.");
    else notify("problem", `The file is a meeting now, but look at it. ${fault}`);
  } catch (cause) {
    notify("problem", `The file was not streamed to its end. ${beginWords(cause)}`);
  } finally {
    fileProgress.value = undefined;
    await capture.close();
  }
}

globalThis.addEventListener("beforeunload", (event) => {
  // The browser asks whether the person means it: a file can't be gone on with.
  if (fileProgress.value) event.preventDefault();
});
