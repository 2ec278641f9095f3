/**
 * Bugs to plant: each breaks one promise, as somebody might by mistake, and a chaos run must see it. Each is a few
 * edits of the source by its text; a text that is not there any more, or there twice, is an error, so that no plant
 * dies unnoticed.
 */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export interface Plant {
  readonly name: string;
  /** The rule of SPEC.md that it breaks. */
  readonly rule: string;
  readonly edits: readonly Edit[];
}

const tracks = "server/gateway/tracks/tracks.ts";
const lookUp = "const kept = chunk.seq <= trackRow.last_seq ? this.kept.hash(track, chunk.seq) : undefined;";

export const plants: readonly Plant[] = [
  {
    name: "ack-before-commit",
    rule: "K1",
    // Late by a tenth of a second, and remembered until then: nothing but a kill can show it.
    edits: [
      {
        file: tracks,
        find: "addChunk.run(",
        replace: "this.#late.set(`${track}/${chunk.seq}`, digest);\nsetTimeout(() => { addChunk.run(",
      },
      {
        file: tracks,
        find: "now, digest, chunk.content);",
        replace: "now, digest, chunk.content); }, 100);",
      },
      {
        file: tracks,
        find: lookUp,
        replace: lookUp.replace("? this", "? this.#late.get(`${track}/${chunk.seq}`) ?? this"),
      },
      {
        file: tracks,
        find: "readonly #gaps: GapStore;",
        replace: "readonly #gaps: GapStore;\n  readonly #late = new Map<string, Uint8Array>();",
      },
    ],
  },
  {
    name: "forget-outbox-on-reconnect",
    rule: "K6",
    edits: [{ file: "client/capture/uplink.ts", find: "else unsent.add(seq);", replace: "else kept.push(seq);" }],
  },
  {
    name: "prune-before-r2-confirms",
    rule: "K3",
    edits: [
      {
        file: "server/gateway/archive/archiver.ts",
        find: "const stored = await this.#put(chunk);",
        replace: "this.#deps.tracks.markArchived(chunk.track, chunk.seq); const stored = await this.#put(chunk);",
      },
    ],
  },
  {
    name: "watermark-skips-gap",
    rule: "W10",
    edits: [
      {
        file: "server/gateway/tracks/watermarks.ts",
        find: "const firstGap = gaps.firstSeq(track);",
        replace: "const firstGap = null as number | null;",
      },
    ],
  },
  {
    name: "resolves-side-by-side",
    rule: "S1",
    edits: [
      {
        file: "server/gateway/speakers/resolve-queue.ts",
        find: "this.#queue.run(() => this.#resolveNow(body, asked, subject))",
        replace: "this.#resolveNow(body, asked, subject)",
      },
    ],
  },
];

/** @param read the text of a file of the repository. @returns the edited texts by file. @throws Error naming the edit. */
export function planted({ name, edits }: Plant, read: (file: string) => string): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { file, find, replace } of edits) {
    const text = texts.get(file) ?? read(file);
    const times = text.split(find).length - 1;
    if (times !== 1) throw new Error(`plant ${name}: ${file} has the text to edit ${times} times, not once: ${find}`);
    texts.set(
      file,
      text.replace(find, () => replace),
    );
  }
  return texts;
}
