/** The documents that a meeting can be had as: one table. */
import type { TranscriptEntry } from "../../../../schemas/http/result.ts";
import { giveWay } from "../../../shared/lib/wait.ts";
import { openSrt, openText, openVtt } from "./captions.ts";
import type { Document, Meeting, MeetingHead, Pieces } from "./meeting.ts";
import { openRttm } from "./rttm.ts";

interface Export {
  readonly contentType: string;
  /** Whether it says more than the turns. */
  readonly hasTranscript: boolean;
  readonly open: (meeting: MeetingHead) => Document;
}

/** By the last part of the route. */
export const exports = {
  "speakers.rttm": { contentType: "text/plain; charset=utf-8", hasTranscript: false, open: openRttm },
  "transcript.vtt": { contentType: "text/vtt; charset=utf-8", hasTranscript: true, open: openVtt },
  "transcript.srt": { contentType: "application/x-subrip; charset=utf-8", hasTranscript: true, open: openSrt },
  "transcript.txt": { contentType: "text/plain; charset=utf-8", hasTranscript: true, open: openText },
} as const satisfies Record<string, Export>;

export type ExportName = keyof typeof exports;

/** Pieces of a document are gathered up to so many characters. */
const pieceChars = 65_536;

/** A document of a whole meeting. */
export function* writeExport(name: ExportName, meeting: Meeting): Pieces {
  const document = exports[name].open(meeting);
  yield* document.begin();
  for (const entry of meeting.transcript) yield document.entry(entry);
  yield* document.end();
}

/** A document of a transcript that comes page by page. Others of the thread get their turn between two of its pieces. */
export async function* writePages(
  document: Document,
  transcript: AsyncIterable<readonly TranscriptEntry[]>,
): AsyncGenerator<string, void, undefined> {
  yield* inTurn(gathered(document.begin()));
  for await (const page of transcript) {
    yield page.map((entry) => document.entry(entry)).join("");
    await giveWay();
  }
  yield* inTurn(gathered(document.end()));
}

async function* inTurn(pieces: Pieces): AsyncGenerator<string, void, undefined> {
  for (const piece of pieces) {
    yield piece;
    await giveWay();
  }
}

function* gathered(pieces: Pieces): Pieces {
  let piece = "";
  for (const part of pieces) {
    piece += part;
    if (piece.length < pieceChars) continue;
    yield piece;
    piece = "";
  }
  yield piece;
}
