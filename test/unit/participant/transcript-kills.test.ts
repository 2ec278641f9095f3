/** A transcript on its way to a real tRPC server, killed between any two steps: delivered at least once, and stored once. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { transcriptBody } from "../../../server/app/participant/transcripts/transcript.ts";
import { postTranscript, TranscriptOutbox } from "../../../server/app/participant/transcripts/transcript-outbox.ts";
import type { SpokenUtterance } from "../../../server/app/participant/turns/turn-types.ts";
import type { Sql } from "../../../server/shared/lib/sql.ts";
import { type InterviewBackend, startInterviewBackend } from "../../support/interview-backend.ts";
import { nodeSqlite } from "../../support/node-database.ts";

const secret = "not-a-real-secret";
const startedAt = Date.UTC(2026, 10, 29);
const said: SpokenUtterance[] = ["Hello?", "Hi.", "Bye."].map((text, index) => ({
  id: `n-${index}`,
  speaker: index === 1 ? "USER" : "AI",
  track: undefined,
  startMs: 0,
  endMs: 0,
  text,
  // All of them at one millisecond.
  at: startedAt,
}));

class Killed extends Error {}

/** Lets so many steps happen: each statement of its database, and each call on its way out and back. */
class Life {
  #left: number;

  constructor(steps: number) {
    this.#left = steps;
  }

  get isOver(): boolean {
    return this.#left < 0;
  }

  step(): void {
    this.#left -= 1;
    if (this.#left < 0) throw new Killed();
  }
}

describe("a transcript", () => {
  let backend: InterviewBackend;
  beforeAll(async () => {
    backend = await startInterviewBackend(secret);
  });
  afterAll(() => backend.stop());

  /** @returns whether it was killed. */
  async function live(sqlite: ReturnType<typeof nodeSqlite>, id: string, now: number, life: Life): Promise<boolean> {
    const { adapter } = sqlite;
    const exec: Sql["exec"] = (query, ...values) => {
      life.step();
      return adapter.sql.exec(query, ...values);
    };
    const outbox = new TranscriptOutbox({ exec });
    const target = { url: backend.url, secret, format: "superjson" } as const;
    try {
      if (outbox.stateOf(id) === "none")
        adapter.transaction(() => outbox.add(id, transcriptBody(id, said, "superjson"), startedAt));
      const failures = await outbox.send(
        target,
        async (...asked) => {
          life.step();
          const isTaken = await postTranscript(...asked);
          life.step();
          return isTaken;
        },
        now,
        0.5,
      );
      expect(failures.filter((failure) => !(failure instanceof Killed))).toEqual([]);
    } catch (cause) {
      if (!(cause instanceof Killed)) throw cause;
    }
    return life.isOver;
  }

  test("[Y9] is delivered at least once and stored once, wherever its object is killed; no entry is dropped for a shared millisecond", async () => {
    let steps = 0;
    for (let wasKilled = true; wasKilled; steps += 1) {
      const id = `interview-${steps}`;
      const sqlite = nodeSqlite(() => startedAt);
      wasKilled = await live(sqlite, id, startedAt, new Life(steps));
      // Another object, and the same way to die once more; then one that lives.
      await live(sqlite, id, startedAt + 600_000, new Life(steps));
      await live(sqlite, id, startedAt + 1_200_000, new Life(1_000));
      const outbox = new TranscriptOutbox(sqlite.adapter.sql);
      expect(outbox.stateOf(id), `killed at step ${steps}`).toBe("posted");
      const stored = [...backend.stored].filter(([key]) => key.startsWith(`${id} `));
      expect(stored.map(([, { content }]) => content)).toEqual(["Hello?", "Hi.", "Bye."]);
      expect(outbox.dueAt).toBeUndefined();
    }
    expect(steps).toBeGreaterThan(6);
    expect(backend.calls.taken).toBeGreaterThan(steps);
    expect(backend.calls.refused).toBe(0);
  });
});
