/** Silero's voice-activity model: how likely it is that a window of 32 ms has speech, given all windows before. */
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { openSession, type Session, Tensor } from "./onnx.ts";
import { sileroFile, vad } from "./tuning.ts";

const stateShape = [2, 1, 128] as const;

export async function loadSilero(): Promise<Silero> {
  return new Silero(await openSession(sileroFile));
}

export class Silero {
  readonly #session: Session;
  readonly #rate = new Tensor("int64", BigInt64Array.of(BigInt(sampleRateHz)), []);

  constructor(session: Session) {
    this.#session = session;
  }

  /** Hears one stream from its beginning. */
  listen(): (window: Float32Array) => Promise<number> {
    let state: Tensor = new Tensor("float32", new Float32Array(2 * 128), [...stateShape]);
    const heard = new Float32Array(vad.contextSamples + vad.windowSamples);
    return async (window) => {
      heard.copyWithin(0, vad.windowSamples);
      heard.set(window, vad.contextSamples);
      const input = new Tensor("float32", heard.slice(), [1, heard.length]);
      const { output, stateN } = await this.#session.run({ input, state, sr: this.#rate });
      if (!output || !stateN) throw new Error("Silero gave no output");
      state = stateN;
      return Number(output.data[0]);
    };
  }
}
