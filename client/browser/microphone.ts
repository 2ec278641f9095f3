/** What a page can capture: the microphone, and the sound of a screen, window or tab that the person shares. */
import { type AudioSource, type AudioSourceOptions, checkCanCapture, openStream } from "./audio-source.ts";

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
export async function openMicrophone(
  constraints: MediaTrackConstraints = {},
  options?: AudioSourceOptions,
): Promise<Microphone> {
  const devices = mediaDevices("microphone", "getUserMedia");
  return openStream(await devices.getUserMedia({ audio: constraints }), options);
}

/**
 * Asks the person for a screen, window or tab to share, and captures its sound: the others of a call, as a track of its own.
 * Rejects as `getDisplayMedia` does, and with AudioSourceError where the page came over plain http, and where the person
 * shared no sound. Call it in a handler of a click. Its stream also has the picture, which browsers don't do without.
 */
export async function openDisplayAudio(
  constraints: MediaTrackConstraints = unprocessed,
  options?: AudioSourceOptions,
): Promise<AudioSource> {
  const devices = mediaDevices("shared sound", "getDisplayMedia");
  return openStream(await devices.getDisplayMedia({ video: true, audio: constraints }), options);
}

/** Pages over plain http have no `mediaDevices`, whatever the types say; phones have no `getDisplayMedia`. */
function mediaDevices(what: string, method: "getUserMedia" | "getDisplayMedia"): MediaDevices {
  const { mediaDevices: devices } = navigator as { readonly mediaDevices?: MediaDevices };
  checkCanCapture(what, devices !== undefined && method in devices);
  return navigator.mediaDevices;
}
