/** What models heard, and what people wrote, in one transcript. */
import { exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { TranscriptEntry } from "../../schemas/http/result.ts";
import { timelineOf } from "../../schemas/speech/timeline.ts";
import { transcriptOf } from "../../schemas/speech/transcript.ts";
import type { HeardStretch } from "../../schemas/speech/utterances.ts";
import type { GatewayEntrypoint } from "../../server/gateway/entry/gateway-entrypoint.ts";
import { sessionStateSchema } from "../../schemas/http/sessions.ts";
import { range, speechOf } from "./support/audio.ts";
import { Client } from "./support/client.ts";
import { createSession, eventsOf, eventsOfType, get, post } from "./support/http.ts";
import { inference, sameSpeaker } from "./support/inference.ts";
import { newSession } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const { GatewayEntrypoint: entry } = exports as unknown as { GatewayEntrypoint: Pick<GatewayEntrypoint, "hear"> };
const [first, second] = ["embedded/moonshine-tiny", "openai/whisper-1"];
const segment = (start_ms: number, end_ms: number, text: string) => ({ start_ms, end_ms, text });

class Meeting {
  readonly id = newSession();

  static async held(): Promise<Meeting> {
    const meeting = new Meeting();
    const client = await Client.connect(meeting.id);
    await client.keepAll([1, 2, 3]);
    client.close();
    return meeting;
  }

  hear(segments: HeardStretch["segments"], model = first, [from_ms, to_ms] = [0, 3_000]): Promise<unknown> {
    const stretch = { track: "mixed", from_ms, to_ms, model, segments };
    return entry.hear({ tenant: "default", session_id: this.id }, stretch, "key:k1");
  }

  async write(utterance: object): Promise<unknown> {
    const answer = await post(this.id, "utterances", { utterances: [utterance] });
    return (await answer.json<{ utterances: { status: string }[] }>()).utterances[0]?.status;
  }

  async transcript(): Promise<Pick<TranscriptEntry, "start_ms" | "text">[]> {
    const log = await eventsOf(this.id);
    return transcriptOf(log, timelineOf(log)).map(({ start_ms, text }) => ({ start_ms, text }));
  }
}

const kept = { ok: true, value: "kept" };

describe("what a model heard", () => {
  test("[U21] the same again adds no event, and another model takes its place", async () => {
    const meeting = await Meeting.held();
    const heard = [segment(100, 900, "Good morning."), segment(1_200, 2_000, "Shall we begin?")];
    expect(await meeting.hear(heard)).toEqual(kept);
    const { length } = await eventsOf(meeting.id);
    expect(await meeting.hear(heard)).toEqual(kept);
    expect(await eventsOf(meeting.id)).toHaveLength(length);
    expect(await meeting.hear([segment(100, 1_900, "Good morning, shall we begin?")], second)).toEqual(kept);
    expect(await meeting.transcript()).toEqual([{ start_ms: 100, text: "Good morning, shall we begin?" }]);
    const last = (await eventsOf(meeting.id)).filter(({ utterance }) => utterance?.withdrawn === true);
    expect(last).toMatchObject([{ type: "utterance.revised", utterance: { utterance_id: "heard-1200", text: "" } }]);
  });

  test("[U21] a stretch without a word takes back what was heard there, and nothing beside it", async () => {
    const meeting = await Meeting.held();
    await meeting.hear([segment(100, 900, "One."), segment(1_500, 2_000, "Two.")]);
    await meeting.hear([], second, [1_000, 3_000]);
    expect(await meeting.transcript()).toEqual([{ start_ms: 100, text: "One." }]);
    // And what was withdrawn can be heard again.
    await meeting.hear([segment(1_500, 2_000, "Two.")], first, [1_000, 3_000]);
    expect(await meeting.transcript()).toHaveLength(2);
  });

  test("[U20] what a person wrote stays: a correction of it, and words of their own", async () => {
    const meeting = await Meeting.held();
    await meeting.hear([segment(100, 900, "Good mourning."), segment(1_200, 2_000, "Shall we begin?")]);
    const correction = { utterance_id: "heard-100", start_ms: 100, end_ms: 900, text: "Good morning.", final: false };
    expect(await meeting.write(correction)).toBe("revised");
    expect(await meeting.write({ start_ms: 2_000, end_ms: 2_800, text: "Yes." })).toBe("added");
    const again = [
      segment(0, 950, "Could warning."),
      segment(1_200, 2_000, "Shall we?"),
      segment(2_100, 2_900, "Guess."),
    ];
    expect(await meeting.hear(again, second)).toEqual(kept);
    expect((await meeting.transcript()).map(({ text }) => text)).toEqual(["Good morning.", "Shall we?", "Yes."]);
  });

  test("[U20] a model's version takes the place of no person's, in whichever order they come", async () => {
    const meeting = await Meeting.held();
    const at = { utterance_id: "u1", start_ms: 0, end_ms: 500 };
    expect(await meeting.write({ ...at, text: "by hand", revision: 1 })).toBe("added");
    expect(await meeting.write({ ...at, text: "by a model", revision: 9, final: true, model: first })).toBe(
      "unchanged",
    );
    expect(await meeting.write({ ...at, text: "by a model", model: first })).toBe("unchanged");
    const other = { ...at, utterance_id: "u2" };
    expect(await meeting.write({ ...other, text: "by a model", revision: 9, final: true, model: first })).toBe("added");
    expect(await meeting.write({ ...other, text: "by hand", revision: 1 })).toBe("revised");
    expect((await meeting.transcript()).map(({ text }) => text)).toEqual(["by hand", "by hand"]);
  });

  test("[N1] [U21] a stretch that is none reaches no room", async () => {
    const meeting = await Meeting.held();
    expect(await meeting.hear([segment(-1, 5, "x")])).toEqual({ ok: false, error: "bad_request" });
    expect(await meeting.hear([], "no model")).toEqual({ ok: false, error: "bad_request" });
  });
});

describe("what is heard while one speaks", () => {
  const stretch = { track: "mixed", from_ms: 0, to_ms: 3_000, model: first };

  test("[Q6] [U21] a partial follows no final and takes nothing back; its final has its id", async () => {
    const meeting = await Meeting.held();
    const hear = (text: string, standing?: "partial" | "early"): Promise<unknown> =>
      entry.hear(
        { tenant: "default", session_id: meeting.id },
        { ...stretch, segments: [segment(100, 900, text)], ...(standing && { standing }) },
        "app:captions",
      );
    await meeting.write({ start_ms: 2_500, end_ms: 2_900, text: "Mine." });
    expect(await hear("Good", "partial")).toEqual(kept);
    expect(await hear("Good mor", "partial")).toEqual(kept);
    expect(await hear("Good morning.", "early")).toEqual(kept);
    expect(await hear("Good mor", "partial")).toEqual(kept);
    expect(await hear("Good morning.")).toEqual(kept);
    const heard = (await eventsOf(meeting.id)).filter(({ utterance }) => utterance?.model !== undefined);
    expect(
      heard.map(({ type, utterance }) => [type, utterance?.utterance_id, utterance?.text, utterance?.final]),
    ).toEqual([
      ["utterance.added", "heard-100", "Good", false],
      ["utterance.revised", "heard-100", "Good mor", false],
      ["utterance.revised", "heard-100", "Good morning.", true],
    ]);
    expect((await meeting.transcript()).map(({ text }) => text)).toEqual(["Good morning.", "Mine."]);
  });

  test("[Q6] [Q8] [S6] what is partial, or early, names nobody; the last word does, also where it says the same", async () => {
    const id = newSession();
    await createSession(id, { resolve: { auto: true }, roster: [{ name: "Ada Lovelace" }] });
    inference(id, (request) => {
      const segments = [{ start_ms: 0, end_ms: 4_000, cluster_id: "c1" }];
      const clusters = [{ cluster_id: "c1", centroid: [1, 0], sample_count: 1 }];
      const updated_state = { ...request.state, clusters };
      return Response.json({ ...sameSpeaker(request), segments, updated_state });
    });
    const client = await Client.connect(id);
    await client.keepAll(range(1, 4), speechOf);
    await eventually("it is resolved", async () => (await eventsOfType(id, "speaker.resolved")).length === 1);
    const say = async (text: string, standing?: "partial" | "early"): Promise<unknown> => {
      const segments = [segment(100, 900, text)];
      const heard = { ...stretch, segments, ...(standing && { standing }) };
      expect(await entry.hear({ tenant: "default", session_id: id }, heard, "app:captions")).toEqual(kept);
      return sessionStateSchema.parse(await (await get(id, "state")).json()).state.bindings;
    };
    const name = "Hello, this is Ada Lovelace.";
    expect(await say(name, "partial")).toEqual({});
    expect(await say(name, "early")).toEqual({});
    expect(await say(name)).toEqual({ c1: "Ada Lovelace" });
    const { length } = await eventsOf(id);
    expect(await say(name)).toEqual({ c1: "Ada Lovelace" });
    expect(await eventsOf(id)).toHaveLength(length);
  });
});
