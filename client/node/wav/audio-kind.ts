/** What a file or a stream holds, told by its first bytes, so that what can't be decoded is refused by its name. Pure. */

export interface AudioKind {
  /** For people: "an MP3 file". */
  readonly name: string;
  /** Whether it is a RIFF file of sort WAVE, which `wav-header.ts` reads. */
  readonly isWav: boolean;
}

/** Bytes that are enough for `audioKindOf`: a frame of MPEG audio, and the head of the next. */
export const kindBytes = 2_048;
/** As many characters prove that it is text. */
const textBytes = 64;

interface Magic {
  readonly name: string;
  readonly at: number;
  readonly bytes: readonly number[];
  /** Bytes that raw PCM may begin with as well: of a stream they count where the next frame stands where this one says. */
  readonly frameBytes?: (head: Uint8Array) => number;
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
  { name: "compressed (gzip)", at: 0, bytes: [0x1f, 0x8b, 0x08] },
  { name: "a ZIP archive", at: 0, bytes: [0x50, 0x4b, 0x03, 0x04] },
  // The sync words of MPEG audio: layer 3 in three versions, and AAC in ADTS.
  ...[0xfb, 0xfa, 0xf3, 0xf2, 0xe3, 0xe2].map((second) => ({
    name: "an MP3 file",
    at: 0,
    bytes: [0xff, second],
    frameBytes: mp3FrameBytes,
  })),
  ...[0xf1, 0xf9].map((second) => ({ name: "an AAC file", at: 0, bytes: [0xff, second], frameBytes: adtsFrameBytes })),
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
  const magic = magics.find(
    ({ at, bytes, frameBytes }) =>
      has(head, at, bytes) && (!mayBeRaw || !frameBytes || has(head, Math.max(4, frameBytes(head)), bytes)),
  );
  if (magic) return { name: magic.name, isWav: false };
  return mayBeRaw && isText(head)
    ? { name: "text, such as a page or an error of the server", isWav: false }
    : undefined;
}

/** Samples have bytes of all values soon; a steady tone has few. */
function isText(head: Uint8Array): boolean {
  const first = head.subarray(0, textBytes);
  return (
    first.every((byte) => (byte >= 0x20 && byte < 0x7f) || (byte >= 0x09 && byte <= 0x0d)) && new Set(first).size >= 5
  );
}

/** ISO 13818-7: 13 bits say how long a frame is, its head included. */
function adtsFrameBytes([, , , third = 0, fourth = 0, fifth = 0]: Uint8Array): number {
  return ((third & 0b11) << 11) | (fourth << 3) | (fifth >> 5);
}

const mp3Kbps = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320];
const mp3LowKbps = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
const mp3Rates = [44_100, 48_000, 32_000];

/** ISO 11172-3 and 13818-3, layer 3. 0 where the head says nothing that can be. */
function mp3FrameBytes([, first = 0, second = 0]: Uint8Array): number {
  const version = (first >> 3) & 0b11;
  const kbps = (version === 3 ? mp3Kbps : mp3LowKbps)[second >> 4];
  const rate = mp3Rates[(second >> 2) & 0b11];
  if (kbps === undefined || rate === undefined) return 0;
  const [slots, slower] = version === 3 ? [144, 1] : [72, version === 2 ? 2 : 4];
  return Math.floor((slots * kbps * 1_000 * slower) / rate) + ((second >> 1) & 1);
}
