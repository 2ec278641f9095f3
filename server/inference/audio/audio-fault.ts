/** Why a body can't be heard. Each is a fault of what was sent, and says what to send instead. */
export interface AudioFault {
  readonly reason: "empty" | "unsupported" | "damaged" | "too_long";
  readonly detail: string;
}

export const takenFormats = "WAV, WebM or Ogg or MP4 with Opus, and samples declared as audio/L16; rate=16000";
