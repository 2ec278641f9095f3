/** What a file or a stream holds, told by its first bytes, so that what can't be decoded is refused by its name. Pure. */

export interface AudioKind {
  /** For people: "an MP3 file". */
  readonly name: string;
  /** Whether it is a RIFF file of sort WAVE, which `wav-header.ts` reads. */
  readonly isWav: boolean;
}

/** Bytes that are enough for `audioKindOf`. */
export const kindBytes = 12;

interface Magic {
  readonly name: string;
  readonly at: number;
  readonly bytes: readonly number[];
  /** Bytes that raw PCM may begin with as well: counts for files alone. */
  readonly isWeak?: boolean;
}

const ascii = (text: string): number[] => Array.from(text, (character) => character.charCodeAt(0));

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
  // The sync words of MPEG audio: layer 3 in three versions, and AAC in ADTS.
  ...[0xfb, 0xfa, 0xf3, 0xf2, 0xe3, 0xe2].map((second) => ({
    name: "an MP3 file",
    at: 0,
    bytes: [0xff, second],
    isWeak: true,
  })),
  ...[0xf1, 0xf9].map((second) => ({ name: "an AAC file", at: 0, bytes: [0xff, second], isWeak: true })),
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
  const magic = magics.find(({ at, bytes, isWeak }) => has(head, at, bytes) && !(mayBeRaw && isWeak));
  return magic && { name: magic.name, isWav: false };
}
