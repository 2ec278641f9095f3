/** Kept meetings of people with names of a test's choosing, who speak one after the other. */
import { createResultsClient } from "../../../client/results/results-client.ts";
import { streamTrack } from "../../../client/testkit/track-stream.ts";
import { answerJson, goodAnswer, type InferenceServer } from "../../support/inference-server.ts";
import { lowVoice, speak } from "../../support/synthetic-voices.ts";

/** How long each of them speaks: what is resolved together. */
export const turnSeconds = 4;
const turnMs = turnSeconds * 1_000;

interface Speech {
  /** Undefined: nobody knows yet. */
  readonly name?: string;
  /** Who the service would say it is, and asks about. */
  readonly guess?: string;
  readonly text?: string;
}

export interface MeetingToKeep {
  readonly sessionId: string;
  readonly title?: string;
  readonly track?: string;
  /** A turn each, in order. */
  readonly speeches: readonly Speech[];
  readonly isOver?: boolean;
}

/** @param inference what the gateway at `url` asks who speaks. */
export async function keepMeeting(
  url: string,
  inference: InferenceServer,
  { sessionId, title, track = "mic", speeches, isOver = true }: MeetingToKeep,
): Promise<void> {
  inference.behave(sessionId, ({ request }, response) => {
    const at = request.state.clusters.length;
    const { name, guess } = speeches[at] ?? {};
    const cluster_id = `c${at + 1}`;
    const answer = goodAnswer(request);
    const own = { cluster_id, centroid: [0.1], sample_count: 1, bound_name: name ?? null };
    const bindings = { ...request.state.bindings, ...(name !== undefined && { [cluster_id]: name }) };
    const updated_state = { ...request.state, clusters: [...request.state.clusters, own], bindings };
    const said =
      guess === undefined
        ? ({ speaker_name: name ?? null, decision: name === undefined ? "unknown" : "auto" } as const)
        : ({ speaker_name: guess, decision: "confirm" } as const);
    answerJson(response, { ...answer, ...said, cluster_id, updated_state });
  });
  const client = createResultsClient({ baseUrl: url });
  await client.createSession({
    session_id: sessionId,
    ...(title !== undefined && { title }),
    resolve: { auto: true, window_chunks: turnSeconds },
  });
  const seconds = speeches.length * turnSeconds;
  const audio = new Uint8Array(speak(lowVoice, seconds).buffer);
  await streamTrack({
    baseWs: new URL(`${url.replace(/^http/, "ws")}/`),
    sessionId,
    track,
    encoding: "msgpack",
    seconds,
    second: (seq) => audio.subarray((seq - 1) * 32_000, seq * 32_000),
  });
  const utterances = speeches.flatMap(({ text }, n) =>
    text === undefined
      ? []
      : [{ utterance_id: `u${n + 1}`, track, start_ms: n * turnMs + 200, end_ms: (n + 1) * turnMs - 200, text }],
  );
  if (utterances.length > 0) await client.addUtterances(sessionId, utterances);
  if (isOver) await client.finalize(sessionId);
}

/** A word that nothing breaks by itself. */
const endless = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaftschaferswessenschafe";

/** As long as names can be, without a place to break; and a person who has a whole sentence for a name. */
export const longMeeting: MeetingToKeep = {
  sessionId: `quarterly-${"planning-".repeat(12)}2026`,
  title: `${endless}_${endless}`.slice(0, 200),
  track: "microphone_of_the_conference_roo",
  speeches: [
    {
      name: endless,
      text: "See https://example.com/a/very/long/address/that/has/no/place/to/break?and=goes_on_and_on_and_on_for_ever_and_ever",
    },
    {
      name: "Dr. Maria da Conceição de Souza Albuquerque e Vasconcelos Montenegro, for the ministry",
      text: "The launch is on the ninth of March.",
    },
    { name: "Bo", text: "Fine." },
    { guess: `${endless} II`, text: endless },
  ],
};

export const rightToLeftMeeting: MeetingToKeep = {
  sessionId: "budget-rtl",
  title: "ישיבת תקציב 2026 (Budget)",
  speeches: [
    { name: "שרה כהן", text: "בוקר טוב לכולם, נתחיל בתקציב של 2026." },
    { name: "Ann", text: "Good morning, Sarah." },
    { name: "יוסף בן־דוד (Joe)", text: "התקציב הוא 1,240 שקלים, OK?" },
  ],
};
