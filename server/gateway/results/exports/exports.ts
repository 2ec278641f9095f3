/** The documents that a meeting can be had as: one table. */
import { toSrt, toText, toVtt } from "./captions.ts";
import type { Meeting, Pieces } from "./meeting.ts";
import { toRttm } from "./rttm.ts";

interface Export {
  readonly contentType: string;
  readonly write: (meeting: Meeting) => Pieces;
}

/** By the last part of the route. */
export const exports = {
  "speakers.rttm": { contentType: "text/plain; charset=utf-8", write: toRttm },
  "transcript.vtt": { contentType: "text/vtt; charset=utf-8", write: toVtt },
  "transcript.srt": { contentType: "application/x-subrip; charset=utf-8", write: toSrt },
  "transcript.txt": { contentType: "text/plain; charset=utf-8", write: toText },
} as const satisfies Record<string, Export>;

export type ExportName = keyof typeof exports;
