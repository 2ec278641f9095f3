/** One recording: the gateway, what stands around it, and the meeting. */
import type { Recorded } from "../../scripts/contract/examples.ts";
import { Normaliser } from "./normalise.ts";
import { play } from "./play.ts";
import { Recorder } from "./recorder.ts";
import { startSurroundings } from "./surroundings.ts";

interface RecordedGateway {
  readonly url: string;
  stop(): Promise<void>;
}

/** @param start a gateway with these variables, and nothing in its storage. */
export async function recordMeeting(
  start: (variables: Readonly<Record<string, string>>) => Promise<RecordedGateway>,
): Promise<Recorded> {
  const surroundings = await startSurroundings();
  try {
    const gateway = await start({
      AUTH_MODE: "off",
      JWT_SECRET: "only-for-the-recorded-meeting-and-nothing-else",
      INFERENCE_BASE_URL: surroundings.url,
      WEBHOOK_URL: `${surroundings.url}/webhooks`,
      WEBHOOK_SECRET: `whsec_${Buffer.from("only for the recorded meeting!").toString("base64")}`,
      TRACK_STALLED_AFTER_MS: "5000",
    });
    try {
      const addresses = { [surroundings.url]: "https://backend.example", [gateway.url]: "https://roomtone.example" };
      const recorder = new Recorder(gateway.url, new Normaliser(addresses));
      await play(recorder, surroundings);
      return recorder.recorded;
    } finally {
      await gateway.stop();
    }
  } finally {
    surroundings.stop();
  }
}
