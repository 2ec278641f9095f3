/**
 * Watches the first samples of a stream without a header, which may be anything (C4). What its first bytes could not tell, because
 * they were silence, or the middle of a long page of compressed audio, shows later: then the stream is refused by its name all the
 * same. Takes no decision by one look, and looks no further once it is sure.
 */
import { compressedName } from "./audio-kind.ts";
import { lookAtRaw, lookBytes } from "./raw-doubt.ts";

export type RawFinding =
  /** It is no such samples: what is it then. */
  | { readonly refuse: string }
  /** It may be right. A sentence for the person. */
  | { readonly warn: string };

/** Looks that agree before they count. */
const enoughLooks = 4;
/** So many that show sound as it was said to be leave no doubt. */
const surelyRight = 60;
const maxLooks = 2_000;
/** Pages of Ogg have up to 65 kB; looked at whenever there is twice as much. */
const searchedBytes = [16_384, 32_768, 65_536, 131_072, 262_144] as const;

const twoChannels = "The samples take turns as those of two channels do: is --channels 2 right?";
const oneChannel = "The samples of the two channels follow each other as those of one do: is --channels 1 right?";

/** So many bytes show whether they are spread evenly. */
const spreadBytes = 65_536;
const spreadWarning =
  "The bytes are spread as evenly as those of compressed or encrypted audio, which sound never is: are they s16le samples?";

/** Whether all values are there equally often, in the upper bytes of 16-bit samples and in the lower ones. */
function isSpreadEvenly(bytes: Uint8Array): boolean {
  const quarters = Array.from({ length: 8 }, () => 0);
  for (const [at, byte] of bytes.entries()) {
    const index = (at & 1) * 4 + (byte >> 6);
    quarters[index] = (quarters[index] ?? 0) + 1;
  }
  return quarters.every((each) => Math.abs((each * 8) / bytes.length - 1) < 0.06);
}

export class RawWatch {
  readonly #channels: number;
  /** The first bytes, as far as they are searched; empty once that is done. */
  #first: Uint8Array[] = [];
  #firstBytes = 0;
  #searches = 0;
  /** What is left of the last look. */
  #rest: Uint8Array = new Uint8Array(0);
  #looks = 0;
  #asSaid = 0;
  readonly #otherwise = new Map<string, number>();
  #isOver = false;

  constructor(channels: number) {
    this.#channels = channels;
  }

  /** @param bytes the next ones of the stream. */
  take(bytes: Uint8Array): RawFinding | undefined {
    const found = this.#search(bytes) ?? this.#look(bytes);
    if (!found || "warn" in found) return found;
    // Compressed audio may look like samples by chance, and is known for certain where it is.
    return { refuse: compressedName(Buffer.concat(this.#first)) ?? found.refuse };
  }

  /** The stream is over, and may have been too short for what was looked for. */
  end(): RawFinding | undefined {
    const name = this.#first.length === 0 ? undefined : compressedName(Buffer.concat(this.#first));
    return name === undefined ? undefined : { refuse: name };
  }

  #search(bytes: Uint8Array): RawFinding | undefined {
    const wanted = searchedBytes[this.#searches];
    if (wanted === undefined) return undefined;
    this.#first.push(bytes);
    this.#firstBytes += bytes.length;
    if (this.#firstBytes < wanted) return undefined;
    while (this.#firstBytes >= (searchedBytes[this.#searches] ?? Infinity)) this.#searches += 1;
    const joined = Buffer.concat(this.#first);
    this.#first = this.#searches < searchedBytes.length ? [joined] : [];
    const name = compressedName(joined);
    if (name !== undefined) return { refuse: name };
    return wanted === spreadBytes && this.#asSaid === 0 && isSpreadEvenly(joined) ? { warn: spreadWarning } : undefined;
  }

  #look(bytes: Uint8Array): RawFinding | undefined {
    if (this.#isOver) return undefined;
    const joined = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    let at = 0;
    let finding: RawFinding | undefined;
    for (; at + lookBytes <= joined.length && !this.#isOver; at += lookBytes) {
      finding = this.#weigh(joined.subarray(at, at + lookBytes));
      this.#isOver = finding !== undefined || this.#asSaid >= surelyRight || this.#looks >= maxLooks;
    }
    this.#rest = this.#isOver ? new Uint8Array(0) : joined.slice(at);
    return finding;
  }

  #weigh(bytes: Uint8Array): RawFinding | undefined {
    this.#looks += 1;
    const look = lookAtRaw(bytes, this.#channels);
    if (look.is === "as_said") this.#asSaid += 1;
    if (look.is === "as_said" || look.is === "unclear") return undefined;
    const name = look.is === "otherwise" ? look.name : look.is;
    const votes = (this.#otherwise.get(name) ?? 0) + 1;
    this.#otherwise.set(name, votes);
    if (look.is === "otherwise")
      return votes >= enoughLooks && votes * 4 >= this.#looks && votes >= this.#asSaid * 8
        ? { refuse: `${name}, not s16le` }
        : undefined;
    if (votes < 3 * enoughLooks || votes < this.#asSaid * 1.5) return undefined;
    return { warn: look.is === "two_channels" ? twoChannels : oneChannel };
  }
}
