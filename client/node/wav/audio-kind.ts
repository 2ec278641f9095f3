/** What a file or a stream holds, told by its first bytes, so that what can't be decoded is refused by its name. Pure. */
import { frameChainName } from "./frame-chain.ts";

export interface AudioKind {
  /** For people: "an MP3 file". */
  readonly name: string;
  /** Whether it is a RIFF file of sort WAVE, which `wav-header.ts` reads. */
  readonly isWav: boolean;
}

/** Bytes that are enough for `audioKindOf`: a few frames of compressed audio, also where they begin in the middle of one. */
export const kindBytes = 8_192;
/** As many characters prove that it is text. */
const textBytes = 64;

interface Magic {
  readonly name: string;
  readonly at: number;
  readonly bytes: readonly number[];
  /** Raw PCM may begin with these as well: of a stream they prove nothing. */
  readonly isShort?: true;
}

const ascii = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));

const shortMagic = (name: string, second: number): Magic => ({ name, at: 0, bytes: [0xff, second], isShort: true });

const magics: readonly Magic[] = [
  { name: "a FLAC file", at: 0, bytes: ascii("fLaC") },
  { name: "an Ogg file (Vorbis or Opus)", at: 0, bytes: ascii("OggS") },
  { name: "an MP3 file", at: 0, bytes: ascii("ID3") },
  { name: "an AIFF file", at: 0, bytes: ascii("FORM") },
  { name: "an MP4 or M4A file", at: 4, bytes: ascii("ftyp") },
  { name: "a WebM or Matroska file", at: 0, bytes: [0x1a, 0x45, 0xdf, 0xa3] },
  { name: "a Sony Wave64 file", at: 0, bytes: ascii("riff") },
  { name: "a CAF file", at: 0, bytes: ascii("caff") },
  { name: "a Sun audio file", at: 0, bytes: ascii(".snd") },
  { name: "an AMR file", at: 0, bytes: ascii("#!AMR") },
  { name: "a WavPack file", at: 0, bytes: ascii("wvpk") },
  { name: "a Monkey's Audio file", at: 0, bytes: ascii("MAC ") },
  { name: "a Windows Media file", at: 0, bytes: [0x30, 0x26, 0xb2, 0x75] },
  { name: "compressed (gzip)", at: 0, bytes: [0x1f, 0x8b, 0x08] },
  { name: "a ZIP archive", at: 0, bytes: [0x50, 0x4b, 0x03, 0x04] },
  // The sync words of MPEG audio: layer 3 in three versions, and AAC in ADTS.
  ...[0xfb, 0xfa, 0xf3, 0xf2, 0xe3, 0xe2].map((second) => shortMagic("an MP3 file", second)),
  ...[0xf1, 0xf9, 0xf0, 0xf8].map((second) => shortMagic("an AAC file", second)),
];

const has = (head: Uint8Array, at: number, bytes: readonly number[]): boolean =>
  bytes.every((byte, index) => head[at + index] === byte);

/**
 * @param head the first `kindBytes` bytes, or all there are. @param mayBeRaw whether it may also be samples without a header, so
 *   that two bytes prove nothing. @returns undefined for what has no known head.
 */
export function audioKindOf(head: Uint8Array, mayBeRaw: boolean): AudioKind | undefined {
  for (const id of ["RIFF", "RIFX", "RF64", "BW64"]) {
    if (!has(head, 0, ascii(id))) continue;
    if (has(head, 8, ascii("WAVE"))) return { name: "a WAV file", isWav: true };
    return { name: "a RIFF file that is no WAV, such as AVI", isWav: false };
  }
  const magic = magics.find(({ at, bytes, isShort }) => has(head, at, bytes) && !(mayBeRaw && isShort));
  const name = magic?.name ?? (mayBeRaw ? streamName(head) : undefined);
  return name === undefined ? undefined : { name, isWav: false };
}

/** What a stream without a head is: text, or compressed audio from somewhere in its middle on. */
function streamName(head: Uint8Array): string | undefined {
  return isText(head) ? "text, such as a page or an error of the server" : compressedName(head);
}

/** @returns the name of what is compressed in these bytes, wherever in one of its pages or frames they begin. */
export function compressedName(bytes: Uint8Array): string | undefined {
  for (let at = 0; at < bytes.length; at += 1) {
    const page = pages.find(({ first, isAt }) => bytes[at] === first && isAt(bytes, at));
    if (page) return page.name;
  }
  return frameChainName(bytes);
}

interface Page {
  readonly name: string;
  readonly first: number;
  /** Whether the head of one stands at `at`: of more bytes than are there by chance. */
  readonly isAt: (bytes: Uint8Array, at: number) => boolean;
}

const pages: readonly Page[] = [
  // Version 0, and three bits of flags.
  {
    name: "an Ogg file (Vorbis or Opus)",
    first: 0x4f,
    isAt: (bytes, at) => has(bytes, at, oggPage) && (bytes[at + 5] ?? 0xff) < 8,
  },
  {
    name: "a WebM or Matroska file",
    first: 0x1f,
    // A cluster, whose size has up to eight bytes, begins with its time.
    isAt: (bytes, at) => has(bytes, at, [0x1f, 0x43, 0xb6, 0x75]) && bytes.subarray(at + 5, at + 13).includes(0xe7),
  },
  {
    name: "an MP4 or M4A file",
    first: 0x6d,
    isAt: (bytes, at) => has(bytes, at, ascii("moof")) && has(bytes, at + 8, ascii("mfhd")),
  },
  {
    name: "an MPEG program stream",
    first: 0x00,
    isAt: (bytes, at) => has(bytes, at, [0, 0, 1, 0xba]) && isPackTime(bytes[at + 4] ?? 0),
  },
];
const oggPage = [...ascii("OggS"), 0];
/** Of MPEG-2, or of MPEG-1. */
const isPackTime = (byte: number): boolean => (byte & 0xc4) === 0x44 || (byte & 0xf1) === 0x21;

/** Samples have bytes of all values soon; a steady tone has few. */
function isText(head: Uint8Array): boolean {
  const first = head.subarray(0, textBytes);
  return (
    first.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d)) && new Set(first).size >= 5
  );
}
