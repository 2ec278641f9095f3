/** What the build puts beside the modules: see `scripts/local/build-console.ts`. */
declare module "virtual:console-files" {
  /** A recorded interview of three people, WAV. */
  export const sampleAudioUrl: string;
  /** Who speaks in it, when, and what: JSON. */
  export const sampleScriptUrl: string;
  /** The script of the audio thread. */
  export const workletUrl: string;
}
