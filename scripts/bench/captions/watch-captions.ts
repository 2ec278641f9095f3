/** What a meeting's captions say, and when: its events as a watcher gets them. */
import { WebSocket } from "ws";
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import type { Utterance } from "../../../schemas/speech/utterances.ts";

export interface Caption {
  /** As `performance.now()`. */
  readonly at: number;
  readonly utterance: Utterance;
}

export interface CaptionWatch {
  readonly captions: readonly Caption[];
  readonly close: () => void;
}

export async function watchCaptions(wsUrl: string, session: string): Promise<CaptionWatch> {
  const socket = new WebSocket(`${wsUrl}/v1/sessions/${session}/live?topics=utterances`, { perMessageDeflate: false });
  const captions: Caption[] = [];
  socket.on("message", (data: Buffer) => {
    const message = JSON.parse(data.toString()) as Partial<RoomEvent> & { mark?: string; event?: RoomEvent };
    if (message.mark !== undefined) socket.send(JSON.stringify({ type: "seen", mark: message.mark }));
    const utterance = message.event?.utterance ?? message.utterance;
    if (utterance) captions.push({ at: performance.now(), utterance });
  });
  await new Promise((resolve, reject) => {
    socket.once("open", resolve);
    socket.once("error", reject);
  });
  return { captions, close: () => socket.close(1000) };
}
