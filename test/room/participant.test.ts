/** A model in a meeting, inside workerd: what ends its conversation from outside, and what the ledger has of it. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, describe, expect, test } from "vitest";
import { usageAnswerSchema } from "../../schemas/http/billing.ts";
import { participantSchema, type Participant as Shown } from "../../schemas/http/participant.ts";
import { roomName } from "../../schemas/names.ts";
import type { UsageLog } from "../../server/app/ai/usage/usage-log.ts";
import { bindings } from "./support/bindings.ts";
import { clock } from "./support/clock.ts";
import { bearer, guarded } from "./support/doors.ts";
import { linesEver, openLines, roomWithModel, turnTook, type Wire } from "./support/live-models.ts";
import type { RoomUnderTest } from "./support/room.ts";
import { Tenant } from "./support/tenant.ts";
import { eventually } from "./support/waiting.ts";

const { PARTICIPANT, USAGE_LOG } = bindings as unknown as {
  PARTICIPANT: DurableObjectNamespace;
  USAGE_LOG: DurableObjectNamespace<UsageLog>;
};
/** What an operator turns is heard of after this long, and looked at as often. */
const lookMs = 15_000;

class Talk {
  readonly tenant: Tenant;
  readonly room: RoomUnderTest;

  static async begun(wire: Wire): Promise<Talk> {
    const tenant = await Tenant.new();
    const talk = new Talk(tenant, roomWithModel(wire, tenant.room(), tenant.name));
    await tenant.create(talk.room);
    const answer = await tenant.send("PUT", talk.#path, { greeting: "Welcome." });
    if (!answer.ok) throw new Error(await answer.text());
    return talk;
  }

  private constructor(tenant: Tenant, room: RoomUnderTest) {
    this.tenant = tenant;
    this.room = room;
  }

  get #path(): string {
    return `/v1/sessions/${this.room.sessionId}/participant`;
  }

  get object(): DurableObjectStub {
    return PARTICIPANT.getByName(roomName(this.tenant.name, this.room.sessionId));
  }

  async read(): Promise<Shown> {
    return participantSchema.parse(await (await guarded(this.#path, { headers: bearer(this.tenant.key) })).json());
  }

  async end(): Promise<Shown> {
    return participantSchema.parse(await (await this.tenant.send("DELETE", this.#path)).json());
  }

  /** Its model has said something. */
  async speaks(): Promise<void> {
    await eventually("it speaks", async () => (await this.read()).phase === "speaking");
  }

  async alarm(): Promise<void> {
    clock.advance(lookMs);
    await runDurableObjectAlarm(this.object);
  }
}

async function turnParticipants(isOff: boolean): Promise<void> {
  const sql = isOff ? "INSERT INTO switches VALUES ('participant', 1)" : "DELETE FROM switches";
  await bindings.DB.prepare(sql).run();
}

afterEach(async () => {
  await turnParticipants(false);
  clock.advance(lookMs);
});

describe("[X10] conversations switched off", () => {
  test.each(["google", "openai"] as const)(
    "with %s: one that goes on ends within 30 s, its connection too, and is over for good",
    async (wire) => {
      const talk = await Talk.begun(wire);
      await talk.speaks();
      const lines = openLines();
      await talk.alarm();
      expect((await talk.read()).phase).toBe("speaking");
      await turnParticipants(true);
      // The answer of before holds for a quarter of a minute, and so long may the next look be away.
      await talk.alarm();
      await talk.alarm();
      expect(await talk.read()).toMatchObject({ phase: "ended", reason: "asked" });
      await eventually("its connection is closed", () => openLines() === lines - 1);
      await turnParticipants(false);
      clock.advance(lookMs);
      await talk.alarm();
      expect(await talk.read()).toMatchObject({ phase: "ended", reason: "asked" });
    },
  );

  test("one whose object died meanwhile ends as well, without a connection to its model", async () => {
    const talk = await Talk.begun("google");
    await talk.speaks();
    await turnParticipants(true);
    clock.advance(lookMs);
    await talk.room.kill();
    const before = linesEver();
    await talk.alarm();
    expect(await talk.read()).toMatchObject({ phase: "ended", reason: "asked" });
    expect(linesEver()).toBe(before);
  });
});

describe("[B9] what a conversation took is in the tenant's ledger", () => {
  test.each(["google", "openai"] as const)("with %s: the tokens that its provider says", async (wire) => {
    const talk = await Talk.begun(wire);
    await talk.speaks();
    clock.advance(4_000);
    expect(await talk.end()).toMatchObject({ phase: "ended", reason: "deleted" });
    const { rows } = await usageOf(talk.tenant);
    expect(rows).toMatchObject([
      {
        key: "live",
        entries: 1,
        quantities: { audio_ms: 4_000, input_tokens: turnTook.input, output_tokens: turnTook.output },
      },
    ]);
  });

  test("with the embedded interviewer: the time that it took", async () => {
    const talk = await Talk.begun("embedded");
    clock.advance(4_000);
    expect(await talk.end()).toMatchObject({ phase: "ended", reason: "deleted" });
    const { rows } = await usageOf(talk.tenant);
    const live = rows.filter(({ key }) => key === "live");
    expect(live).toMatchObject([{ entries: 1, estimated_entries: 0, quantities: { audio_ms: 4_000 } }]);
  });
});

/** Once its log has handed all on. */
async function usageOf(tenant: Tenant) {
  const log = USAGE_LOG.getByName(tenant.name);
  await eventually("it is written down", async () => (await log.read(0)).records.some(({ kind }) => kind === "live"));
  await runDurableObjectAlarm(log);
  const day = new Date(clock.now()).toISOString().slice(0, 10);
  const answer = await guarded(`/v1/usage?by=feature&from=${day}&to=${day}`, { headers: bearer(tenant.key) });
  return usageAnswerSchema.parse(await answer.json());
}
