/** What of a meeting can be taken away as a file, and how it is fetched: with this tab's credential, never with it in an address. */
import type { ExportName } from "../../index.ts";
import { gateway, withAccess } from "../api/gateway.ts";

export interface Document {
  readonly name: ExportName | "result.json";
  readonly label: string;
}

export const documents: readonly Document[] = [
  { name: "transcript.txt", label: "Transcript as text" },
  { name: "transcript.vtt", label: "Captions, WebVTT" },
  { name: "transcript.srt", label: "Captions, SubRip" },
  { name: "speakers.rttm", label: "Speakers, RTTM" },
  { name: "result.json", label: "Everything, JSON" },
];

const types: Readonly<Record<Document["name"], string>> = {
  "transcript.txt": "text/plain",
  "transcript.vtt": "text/vtt",
  "transcript.srt": "application/x-subrip",
  "speakers.rttm": "text/plain",
  "result.json": "application/json",
};

/** Fetches it and hands it to the browser as a download. */
export async function download(sessionId: string, name: Document["name"]): Promise<void> {
  const text = await withAccess(async () =>
    name === "result.json"
      ? `${JSON.stringify(await gateway.result(sessionId), null, 2)}\n`
      : gateway.exportDocument(sessionId, name),
  );
  save(URL.createObjectURL(new Blob([text], { type: types[name] })), `${sessionId}-${name}`);
}

/** Downloads from an address. An object URL is given back once the browser has it. */
export function save(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  if (url.startsWith("blob:")) setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
