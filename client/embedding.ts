/** For a program of this repository that takes part in a meeting without an address of its own: capture and live audio, and no more. */
export { type Capture, startCapture } from "./capture/capture.ts";
export { CaptureFailedError } from "./capture/capture-types.ts";
export { listen } from "./live/listen.ts";
export type { LivePiece } from "./live/live-piece.ts";
