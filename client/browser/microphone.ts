/** What a page can capture: the microphone, and the sound of a screen, window or tab that the person shares. */
import { AudioSourceError } from "./audio-source-error.ts";
import { type AudioSource, openAudioSource } from "./audio-source.ts";

/** A person's microphone. */
export type Microphone = AudioSource;

/** Shared sound is no voice in a room: as it is. */
const unprocessed: MediaTrackConstraints = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };

/**
 * Asks for the microphone. Rejects as `getUserMedia` does (`NotAllowedError`, `NotFoundError`, …), and with
 * AudioSourceError where the page came over plain http.
 * Call it in a handler of a click: where the page may make no use of audio yet, it waits until a person used the page.
 *
 * @param constraints of the audio track, such as `{ deviceId, echoCancellation: false }`.
 */
export async function openMicrophone(constraints: MediaTrackConstraints = {}): Promise<Microphone> {
  const devices = mediaDevices("microphone", "getUserMedia");
  return openAudioSource(await devices.getUserMedia({ audio: constraints }));
}

/**
 * Asks the person for a screen, window or tab to share, and captures its sound: the others of a call, as a track of its own.
 * Rejects as `getDisplayMedia` does, and with AudioSourceError where the page came over plain http, and where the person
 * shared no sound. Call it in a handler of a click. Its stream also has the picture, which browsers don't do without.
 */
export async function openDisplayAudio(constraints: MediaTrackConstraints = unprocessed): Promise<AudioSource> {
  const devices = mediaDevices("shared sound", "getDisplayMedia");
  const stream = await devices.getDisplayMedia({ video: true, audio: constraints });
  if (stream.getAudioTracks().length > 0) return openAudioSource(stream);
  for (const track of stream.getTracks()) track.stop();
  throw new AudioSourceError(
    "no_audio_shared",
    "No sound was shared: share again, with the sound of the tab or system.",
  );
}

/** Pages over plain http have no `mediaDevices`, whatever the types say; phones have no `getDisplayMedia`. */
function mediaDevices(what: string, method: "getUserMedia" | "getDisplayMedia"): MediaDevices {
  const { mediaDevices: devices } = navigator as { readonly mediaDevices?: MediaDevices };
  if (devices && method in devices && "AudioWorkletNode" in globalThis) return devices;
  if (globalThis.isSecureContext) throw new AudioSourceError("unsupported", `This browser gives pages no ${what}.`);
  throw new AudioSourceError("needs_https", `The ${what} needs HTTPS: this page came over plain http.`);
}
