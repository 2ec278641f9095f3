/** The whole gateway: a recording is streamed as a meeting and finalized, and what was kept of it is heard. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createResultsClient } from "../../client/results/results-client.ts";
import { loadAudio, secondsOf } from "../../client/testkit/sent-audio.ts";
import { streamTrack } from "../../client/testkit/track-stream.ts";
import { defaultTrack } from "../../schemas/names.ts";
import type { GatewayProcess } from "../local/gateway-process.ts";
import type { Hear } from "./eval-run.ts";
import { hearWith } from "./hear-direct.ts";

export function createGatewayHearing(gateway: GatewayProcess): Hear {
  const client = createResultsClient({ baseUrl: gateway.url });
  return async (path) => {
    const sessionId = `eval-${randomBytes(6).toString("hex")}`;
    await streamTrack({
      baseWs: new URL(`${gateway.wsUrl}/`),
      sessionId,
      track: defaultTrack,
      encoding: "msgpack",
      ...secondsOf(await loadAudio(path, undefined)),
      clientId: "eval-speech",
    });
    await client.finalize(sessionId);
    const folder = await mkdtemp(join(tmpdir(), "roomtone-eval-"));
    try {
      const kept = join(folder, `${sessionId}.wav`);
      const audio = await fetch(`${gateway.url}/v1/sessions/${sessionId}/audio.wav?track=${defaultTrack}`);
      await writeFile(kept, new Uint8Array(await audio.arrayBuffer()));
      return await hearWith(gateway.url, kept);
    } finally {
      await rm(folder, { recursive: true });
    }
  };
}
