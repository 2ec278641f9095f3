/** The caller's own documents, which chat answers from: asked for by the view that shows them, and changed by it. */
import { signal } from "@preact/signals";
import type { SyncClient, SyncConflict, SyncDocument } from "../../index.ts";
import { gateway, withAccess } from "../api/gateway.ts";
import { plainWords } from "../api/plain-words.ts";
import { notify } from "./notices.ts";

export interface OwnDocuments {
  readonly documents: readonly SyncDocument[];
  readonly conflicts: readonly SyncConflict[];
  /** What the gateway does not take, in words. */
  readonly refused: readonly string[];
}

export const ownDocuments = signal<OwnDocuments | undefined>(undefined);
export const ownProblem = signal<string | undefined>(undefined);
export const isSending = signal(false);

const collections = ["knowledge"] as const;
const maxFileBytes = 4_194_304;
/** Of this page's view: what it has is asked for anew each time that it is opened. */
let opened: SyncClient | undefined;

export function openOwnDocuments(): void {
  opened = undefined;
  ownDocuments.value = undefined;
  ownProblem.value = undefined;
}

export async function lookAtOwnDocuments(ending?: AbortSignal): Promise<void> {
  try {
    const client = await withAccess(async () => {
      const own = opened ?? (await gateway.sync({ deviceId: "console" }));
      await own.run({ collections, signal: ending });
      opened = own;
      return own;
    });
    ownDocuments.value = seenIn(client);
    ownProblem.value = undefined;
  } catch (cause) {
    if (ending?.aborted !== true) ownProblem.value = plainWords(cause);
  }
}

/** Files become documents; one of a title that is there becomes its next version. */
export async function addFiles(files: readonly File[]): Promise<void> {
  const problems: string[] = [];
  await change(async (client) => {
    for (const file of files) {
      const text = await textOf(file);
      if (typeof text !== "string") {
        problems.push(text.problem);
        continue;
      }
      const title = file.name.replace(/\.(md|txt)$/i, "") || file.name;
      const known = client.documents("knowledge").find((one) => one.title === title);
      const media_type = /\.md$/i.test(file.name) ? "text/markdown" : "text/plain";
      await client.set("knowledge", known?.id ?? crypto.randomUUID(), { title, media_type, body: text });
    }
  });
  if (problems.length > 0) ownProblem.value = problems.join(" ");
}

export async function deleteDocument(id: string): Promise<void> {
  await change((client) => client.delete("knowledge", id));
}

/** @param conflict as it is shown: what was written since has not been seen by who chooses. */
export async function settle(
  conflict: SyncConflict,
  choice: "mine" | "theirs" | { readonly own: string },
): Promise<void> {
  const isSettled = await change(async (client) => {
    const wanted = typeof choice === "string" ? choice : { merged: { ...headOf(conflict), body: choice.own } };
    await client.resolve(conflict.conflict_id, wanted, { revision: conflict.theirs?.revision ?? 0 });
  });
  if (isSettled) notify("done", "Settled. Your devices take this version over.");
}

/** The text of a version, wherever it lies. */
export async function textOfVersion(version: { body?: unknown; sha256?: string | undefined } | null): Promise<string> {
  if (version === null) return "";
  if (typeof version.body === "string") return version.body;
  if (version.sha256 === undefined || !opened) return "";
  return new TextDecoder().decode(await opened.body(version.sha256));
}

function headOf({ theirs, yours }: SyncConflict): { title?: string; media_type?: string } {
  const { title, media_type } = theirs ?? yours ?? {};
  return { ...(title === undefined ? {} : { title }), ...(media_type === undefined ? {} : { media_type }) };
}

/** @returns whether it was done. */
async function change(work: (client: SyncClient) => Promise<unknown>): Promise<boolean> {
  const client = opened;
  if (!client || isSending.value) return false;
  isSending.value = true;
  try {
    await work(client);
    await lookAtOwnDocuments();
    return true;
  } catch (cause) {
    ownProblem.value = plainWords(cause);
    return false;
  } finally {
    isSending.value = false;
  }
}

const reasons: Readonly<Record<string, string>> = {
  body_too_long: "its text is too long",
  too_many_documents: "you have as many documents as you may",
  too_many_conflicts: "too many conflicts wait for you",
  full: "you have as much stored as you may",
};

function seenIn(client: SyncClient): OwnDocuments {
  const waiting = client.pending().filter(({ collection, refused }) => collection === "knowledge" && refused);
  return {
    documents: client.documents("knowledge").sort((a, b) => (a.title ?? a.id).localeCompare(b.title ?? b.id)),
    conflicts: client.conflicts().filter(({ collection }) => collection === "knowledge"),
    refused: waiting.map(({ id, refused = "" }) => {
      const title = client.document("knowledge", id)?.title ?? id;
      return `${title} is not taken: ${reasons[refused] ?? refused}.`;
    }),
  };
}

async function textOf(file: File): Promise<string | { readonly problem: string }> {
  if (file.size === 0) return { problem: `${file.name} is empty.` };
  if (file.size > maxFileBytes) return { problem: `${file.name} is too long.` };
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  } catch {
    return { problem: `${file.name} is no text.` };
  }
}
