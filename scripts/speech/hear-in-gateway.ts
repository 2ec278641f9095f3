/** The whole gateway: a recording is streamed as a meeting, captioned as it goes on, and its transcript read. */
import { randomBytes } from "node:crypto";
import { createResultsClient } from "../../client/results/results-client.ts";
import { loadAudio, secondsOf } from "../../client/testkit/sent-audio.ts";
import { streamTrack } from "../../client/testkit/track-stream.ts";
import { defaultTrack } from "../../schemas/names.ts";
import { awaitCaptions } from "../demo/demo-speakers.ts";
import type { GatewayProcess } from "../local/gateway-process.ts";
import type { Hear } from "./eval-run.ts";

export function createGatewayHearing(gateway: GatewayProcess): Hear {
  const client = createResultsClient({ baseUrl: gateway.url });
  return async (path) => {
    const sessionId = `eval-${randomBytes(6).toString("hex")}`;
    await client.createSession({ session_id: sessionId, captions: "final" });
    const audio = await loadAudio(path, undefined);
    const began = performance.now();
    await streamTrack({
      baseWs: new URL(`${gateway.wsUrl}/`),
      sessionId,
      track: defaultTrack,
      encoding: "msgpack",
      ...secondsOf(audio),
      clientId: "eval-speech",
    });
    await awaitCaptions(client, sessionId);
    const workSeconds = (performance.now() - began) / 1_000;
    await client.finalize(sessionId);
    const { transcript } = await client.result(sessionId);
    return { text: transcript.map(({ text }) => text).join(" "), seconds: audio.chunks.length, workSeconds };
  };
}
