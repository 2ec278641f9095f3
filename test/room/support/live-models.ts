/**
 * Live models behind `https://live.test`, of both wires: they greet, say one turn, and tell what it took. Counts what is open. And the
 * embedded one, of whose voice nobody hears anything here.
 */
import { serve } from "./outbound.ts";
import type { RoomUnderTest } from "./room.ts";
import { setVariables } from "./variables.ts";

/** What a turn took: 300 of the input and 40 of the output are audio. */
export const turnTook = { input: 500, output: 60, audioInput: 300, audioOutput: 40 };

const pcm = btoa("\u0000".repeat(4_800));
let [open, ever] = [0, 0];

/** Connections that nobody has ended. */
export const openLines = (): number => open;
/** Connections that were ever made. */
export const linesEver = (): number => ever;

export type Wire = "google" | "openai" | "embedded";

const key = "not-a-real-key";
const variables: Readonly<Record<Wire, Readonly<Record<string, string>>>> = {
  google: { LIVE_MODEL: "google/test", GOOGLE_BASE_URL: "https://live.test", GOOGLE_API_KEY: key },
  openai: { LIVE_MODEL: "openai/test", OPENAI_BASE_URL: "https://live.test/v1", OPENAI_API_KEY: key },
  embedded: { LIVE_MODEL: "embedded/interviewer", STT_MODEL: "openai/hears", TTS_MODEL: "openai/speaks" },
};

/** A room whose participants talk with such a model. */
export function roomWithModel(wire: Wire, room: RoomUnderTest, tenant: string): RoomUnderTest {
  setVariables(room.sessionId, variables[wire], tenant);
  return room;
}

type Sent = Record<string, unknown>;

function googleAnswers(message: Sent): object[] {
  if ("setup" in message) return [{ setupComplete: {} }];
  const { text } = (message["realtimeInput"] ?? {}) as { text?: string };
  if (text === undefined) return [];
  const parts = [{ inlineData: { mimeType: "audio/pcm;rate=24000", data: pcm } }];
  const usageMetadata = {
    promptTokenCount: turnTook.input,
    responseTokenCount: turnTook.output,
    promptTokensDetails: [{ modality: "AUDIO", tokenCount: turnTook.audioInput }],
    responseTokensDetails: [{ modality: "AUDIO", tokenCount: turnTook.audioOutput }],
  };
  return [
    { serverContent: { outputTranscription: { text: "Welcome." }, modelTurn: { parts } } },
    { serverContent: { turnComplete: true }, usageMetadata },
  ];
}

function openAiAnswers(message: Sent): object[] {
  if (message["type"] === "session.update") return [{ type: "session.updated" }];
  if (message["type"] !== "response.create") return [];
  const of = { response_id: "r1", item_id: "i1" };
  const usage = {
    input_tokens: turnTook.input,
    output_tokens: turnTook.output,
    input_token_details: { audio_tokens: turnTook.audioInput },
    output_token_details: { audio_tokens: turnTook.audioOutput },
  };
  return [
    { type: "response.output_audio_transcript.delta", ...of, delta: "Welcome." },
    { type: "response.output_audio.delta", ...of, delta: pcm },
    { type: "response.done", response: { id: "r1", status: "completed", usage } },
  ];
}

serve(
  (hostname) => hostname === "live.test",
  async (url) => {
    const answers = new URL(url).pathname === "/v1/realtime" ? openAiAnswers : googleAnswers;
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    open += 1;
    ever += 1;
    let isOpen = true;
    server.addEventListener("message", ({ data }) => {
      for (const answer of answers(JSON.parse(String(data)) as Sent)) server.send(JSON.stringify(answer));
    });
    server.addEventListener("close", () => {
      if (isOpen) open -= 1;
      isOpen = false;
    });
    return new Response(null, { status: 101, webSocket: client });
  },
);
