/** Sentences spoken by the model that comes with the gateway, with pauses between, as whole seconds. */
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { SpeechClient } from "./speech-client.ts";

export async function spokenSeconds(url: string, sentences: readonly string[]): Promise<Uint8Array[]> {
  const client = new SpeechClient(url);
  const parts: Uint8Array[] = [new Uint8Array(chunkBytes)];
  for (const sentence of sentences) {
    parts.push((await client.say(sentence)).subarray(44), new Uint8Array(2 * chunkBytes));
  }
  const pcm = Buffer.concat(parts);
  const count = Math.ceil(pcm.byteLength / chunkBytes);
  const whole = new Uint8Array(count * chunkBytes);
  whole.set(pcm);
  return Array.from({ length: count }, (_, n) => whole.subarray(n * chunkBytes, (n + 1) * chunkBytes));
}
