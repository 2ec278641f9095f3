/**
 * Opus out of WebM, Ogg or MP4, as a browser's MediaRecorder makes them: mediabunny finds the packets, opus-decoder makes
 * samples of them. A file that was cut off is taken up to there; a pause of the recorder stays a pause.
 */
import {
  ALL_FORMATS,
  BufferSource,
  type EncodedPacket,
  EncodedPacketSink,
  Input,
  type InputAudioTrack,
} from "mediabunny";
import { OpusDecoder } from "opus-decoder";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { type AudioFault, takenFormats } from "./audio-fault.ts";
import { mendWebm } from "./mend-webm.ts";
import type { PcmSource } from "./pcm-source.ts";

const opusRateHz = 48_000;
/** Timestamps are rounded to milliseconds, and a lost packet is no pause. */
const leastPauseSeconds = 0.1;
const packetsPerBlock = 50;

/** The caller reads `blocks` to their end, or returns them, so that the decoder's memory is given back. */
export async function openOpus(bytes: Uint8Array, kind: string): Promise<Result<PcmSource, AudioFault>> {
  const whole = kind === "WebM" ? mendWebm(bytes) : bytes;
  const input = new Input({ source: new BufferSource(whole), formats: ALL_FORMATS });
  const track = await input.getPrimaryAudioTrack().catch(() => undefined);
  if (track === undefined) {
    return err({ reason: "damaged", detail: `The ${kind} is damaged: no track can be read from its beginning.` });
  }
  if (track === null) return err({ reason: "empty", detail: `The ${kind} has no audio in it.` });
  const codec = await track.getCodec();
  if (codec !== "opus") {
    const detail = `The ${kind} has ${codec ?? "unknown"} audio, which can't be decoded here. It takes ${takenFormats}.`;
    return err({ reason: "unsupported", detail });
  }
  const channels = await track.getNumberOfChannels();
  if (channels < 1 || channels > 2) {
    return err({
      reason: "unsupported",
      detail: `The ${kind} has ${channels} channels of Opus; one or two can be decoded.`,
    });
  }
  return ok({ sampleRateHz: opusRateHz, blocks: decode(track, channels) });
}

async function* decode(track: InputAudioTrack, channels: number): AsyncGenerator<Float32Array[]> {
  const decoder = new OpusDecoder({ channels });
  await decoder.ready;
  try {
    let endSeconds: number | undefined;
    let group: EncodedPacket[] = [];
    for await (const packet of packetsOf(track)) {
      const pause = packet.timestamp - (endSeconds ?? packet.timestamp);
      if (pause >= leastPauseSeconds || group.length >= packetsPerBlock) {
        yield decoded(decoder, group);
        group = [];
      }
      if (pause >= leastPauseSeconds) yield* silence(pause, channels);
      group.push(packet);
      endSeconds = Math.max(endSeconds ?? 0, packet.timestamp + packet.duration);
    }
    if (group.length > 0) yield decoded(decoder, group);
  } finally {
    decoder.free();
  }
}

/** Up to the place where the file was cut off: what comes before is whole. */
async function* packetsOf(track: InputAudioTrack): AsyncGenerator<EncodedPacket> {
  const packets = new EncodedPacketSink(track).packets();
  for (;;) {
    const next = await packets.next().catch(() => undefined);
    if (!next || next.done) return;
    yield next.value;
  }
}

function decoded(decoder: OpusDecoder, packets: readonly EncodedPacket[]): Float32Array[] {
  return decoder.decodeFrames(packets.map(({ data }) => data)).channelData;
}

/** In blocks, however long: what is too long is noticed while it grows. */
function* silence(seconds: number, channels: number): Generator<Float32Array[]> {
  for (let left = Math.round(seconds * opusRateHz); left > 0; left -= opusRateHz) {
    const block = new Float32Array(Math.min(left, opusRateHz));
    yield Array.from({ length: channels }, () => block);
  }
}
