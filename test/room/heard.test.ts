/** What models heard, and what people wrote, in one transcript. */
import { exports } from "cloudflare:workers";
import { describe, expect, test } from "vitest";
import type { TranscriptEntry } from "../../schemas/http/result.ts";
import { timelineOf } from "../../schemas/speech/timeline.ts";
import { transcriptOf } from "../../schemas/speech/transcript.ts";
import type { HeardStretch } from "../../schemas/speech/utterances.ts";
import type { GatewayEntrypoint } from "../../server/gateway/entry/gateway-entrypoint.ts";
import { Client } from "./support/client.ts";
import { eventsOf, post } from "./support/http.ts";
import { newSession } from "./support/room.ts";

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
