/** Why a page can't capture, where it is not for the person or the device: what the browser itself would not say. */
export type AudioSourceFault =
  /** The page came over plain http, where browsers give no microphone. */
  | "needs_https"
  | "unsupported"
  /** The person shared a screen, a window or a tab without its sound. */
  | "no_audio_shared";

export class AudioSourceError extends Error {
  override readonly name = "AudioSourceError";
  readonly reason: AudioSourceFault;

  constructor(reason: AudioSourceFault, message: string) {
    super(message);
    this.reason = reason;
  }
}
