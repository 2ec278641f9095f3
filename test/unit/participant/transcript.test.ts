/** The transcript of a conversation, as a backend takes it. */
import { deserialize, serialize, type SuperJSONResult } from "superjson";
import { describe, expect, test } from "vitest";
import { transcriptBody } from "../../../server/app/participant/transcripts/transcript.ts";
import type { SpokenUtterance } from "../../../server/app/participant/turns/turn-types.ts";
import { startInterviewBackend } from "../../support/interview-backend.ts";

const at = Date.UTC(2026, 10, 29, 8);
const said = (speaker: "USER" | "AI", text: string, atMs: number): SpokenUtterance => ({
  id: `${speaker}-${text}`,
  speaker,
  track: undefined,
  startMs: 0,
  endMs: 0,
  text,
  at: atMs,
});
const three = [said("AI", "Hello?", at), said("USER", "Hi.", at), said("AI", "Bye.", at - 5)];

interface Read {
  readonly interviewId: string;
  readonly transcript: readonly { readonly speaker: string; readonly content: string; readonly timestamp: Date }[];
}

describe("a transcript's body", () => {
  test("[Y9] is what superjson reads, each entry at a time of its own, in order", () => {
    const read = deserialize<Read>(JSON.parse(transcriptBody("i1", three, "superjson")) as SuperJSONResult);
    expect(read).toEqual({
      interviewId: "i1",
      transcript: [
        { speaker: "AI", content: "Hello?", timestamp: new Date(at) },
        { speaker: "USER", content: "Hi.", timestamp: new Date(at + 1) },
        { speaker: "AI", content: "Bye.", timestamp: new Date(at + 2) },
      ],
    });
    expect(JSON.parse(transcriptBody("i1", three, "superjson"))).toEqual(serialize(read));
    expect(transcriptBody("i1", three, "superjson")).toBe(transcriptBody("i1", [...three], "superjson"));
  });

  test("[Y9] of nothing said is empty; plain JSON has ISO times", () => {
    expect(JSON.parse(transcriptBody("i1", [], "superjson"))).toEqual(serialize({ interviewId: "i1", transcript: [] }));
    expect(JSON.parse(transcriptBody("i1", three.slice(0, 1), "json"))).toEqual({
      interviewId: "i1",
      transcript: [{ speaker: "AI", content: "Hello?", timestamp: new Date(at).toISOString() }],
    });
  });

  test("[Y9] is taken by a tRPC server, from who has the secret alone, and sent twice is stored once", async () => {
    const backend = await startInterviewBackend("not-a-real-secret");
    const body = transcriptBody("i1", three, "superjson");
    const post = async (secret: string): Promise<number> => {
      const headers = { "content-type": "application/json", authorization: `Bearer ${secret}` };
      return (await fetch(backend.url, { method: "POST", headers, body })).status;
    };
    try {
      expect([await post("wrong"), await post("not-a-real-secret"), await post("not-a-real-secret")]).toEqual([
        401, 200, 200,
      ]);
      expect([...backend.stored.values()].map(({ content }) => content)).toEqual(["Hello?", "Hi.", "Bye."]);
    } finally {
      await backend.stop();
    }
  });
});
