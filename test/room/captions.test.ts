/** Captions as the gateway tells of them, and what becomes of them while the service that hears is away: in workerd, with its alarms. */
import { runDurableObjectAlarm } from "cloudflare:test";
import { expect, test } from "vitest";
import { type CaptionsState, captionsStateSchema } from "../../schemas/http/captions.ts";
import { roomName } from "../../schemas/names.ts";
import type { Utterance } from "../../schemas/speech/utterances.ts";
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { bindApp } from "./support/app-faults.ts";
import { pcmOf, range } from "./support/audio.ts";
import { bindings } from "./support/bindings.ts";
import { clock } from "./support/clock.ts";
import { bearer, guarded } from "./support/doors.ts";
import { serve } from "./support/outbound.ts";
import type { RoomUnderTest } from "./support/room.ts";
import { codeOf, Tenant } from "./support/tenant.ts";

const { CAPTIONER } = bindings as unknown as { CAPTIONER: DurableObjectNamespace };

/** The inference service: what it is asked, and how it is. */
const service = { isDown: false, asked: 0 };
serve(
  (hostname) => hostname === "hears.test",
  async () => {
    service.asked += 1;
    if (service.isDown) throw new TypeError("fetch failed");
    const segments = [{ start: 0.2, end: 1, text: "Something was said." }];
    return Response.json({ text: "Something was said.", duration: 1.4, segments });
  },
);

const silence = new Uint8Array(chunkBytes);
/** Every second second somebody speaks. */
const secondOf = (seq: number): Uint8Array => (seq % 2 === 0 ? pcmOf(seq) : silence);

class Meeting {
  readonly tenant: Tenant;
  readonly room: RoomUnderTest;

  static async of(captions: "off" | "final" | "live", seconds: number): Promise<Meeting> {
    const tenant = await Tenant.new();
    const room = tenant.room({ EMBEDDED_BASE_URL: "http://hears.test" });
    bindApp(room.sessionId, tenant.name);
    const meeting = new Meeting(tenant, room);
    await tenant.create(room, { captions });
    const client = await tenant.connect(room, "mic");
    await client.keepAll(range(1, seconds), secondOf);
    client.close();
    await meeting.told();
    return meeting;
  }

  async told(): Promise<void> {
    await this.room.wakeUntil("the app is told", async () => {
      const [due] = await this.room.rows("SELECT due_at FROM jobs WHERE name = 'app_outbox'");
      return due === undefined;
    });
  }

  private constructor(tenant: Tenant, room: RoomUnderTest) {
    this.tenant = tenant;
    this.room = room;
  }

  get path(): string {
    return `/v1/sessions/${this.room.sessionId}`;
  }

  ask(path: string): Promise<Response> {
    return guarded(path, { headers: bearer(this.tenant.key) });
  }

  async state(): Promise<CaptionsState> {
    return captionsStateSchema.parse(await (await this.ask(`${this.path}/captions`)).json());
  }

  async said(): Promise<readonly Utterance[]> {
    const page = await (
      await this.ask(`${this.path}/events?limit=1000`)
    ).json<{ events: { utterance?: Utterance }[] }>();
    return page.events.flatMap(({ utterance }) => utterance ?? []);
  }

  /** The captioner's alarm, some time later. @returns whether one was set. */
  look(afterMs: number): Promise<boolean> {
    clock.advance(afterMs);
    return runDurableObjectAlarm(CAPTIONER.getByName(roomName(this.tenant.name, this.room.sessionId)));
  }

  /** Until something stands of what one is saying. */
  async partial(): Promise<Utterance> {
    for (let looks = 0; looks < 60; looks += 1) {
      await this.look(300);
      const last = (await this.said()).at(-1);
      if (last?.final === false) return last;
    }
    throw new Error("there was no partial");
  }

  /** Until nothing waits any more: speech at the end has no pause behind it for a while. */
  async settle(): Promise<void> {
    for (let looks = 0; looks < 60 && (await this.look(2_000)); looks += 1);
  }
}

test("[Q5] a service that is down is told of, track by track how far all is; the captioner dies, the service comes back, and each piece is said once", async () => {
  service.isDown = true;
  const meeting = await Meeting.of("final", 7);
  await meeting.look(0);
  const down = await meeting.state();
  expect(down).toMatchObject({ session_id: meeting.room.sessionId, mode: "final" });
  expect(down.setback).toMatchObject({ reason: "the model: unavailable" });
  expect(new Date(down.setback?.until ?? 0).getTime()).toBeGreaterThan(clock.now());
  const [track] = down.tracks;
  // What is silent is behind it, what was spoken is not.
  expect(track).toMatchObject({ track: "mic", kept_ms: 7_000 });
  expect(track?.captioned_ms).toBeLessThan(1_000);
  expect(track?.lag_ms).toBe(7_000 - (track?.captioned_ms ?? 0));
  expect(await meeting.said()).toEqual([]);
  await meeting.room.kill();
  await meeting.look(5_000);
  expect((await meeting.state()).setback).not.toBeNull();
  service.isDown = false;
  await meeting.look(60_000);
  await meeting.settle();
  const said = await meeting.said();
  expect(said.map(({ text, final, model }) => [text, final, model])).toEqual(
    range(1, 3).map(() => ["Something was said.", true, "embedded/moonshine-tiny"]),
  );
  expect(said.map(({ start_ms }) => Math.floor(start_ms / 1_000))).toEqual([1, 3, 5]);
  expect(await meeting.state()).toMatchObject({ setback: null, tracks: [{ track: "mic", kept_ms: 7_000 }] });
  // Another look finds nothing new.
  const { asked } = service;
  await meeting.look(60_000);
  expect([service.asked, (await meeting.said()).length]).toEqual([asked, 3]);
});

test("[Q1] a meeting whose captions are off goes to no model; told otherwise, all of it does", async () => {
  service.isDown = false;
  const meeting = await Meeting.of("off", 5);
  const before = service.asked;
  await meeting.settle();
  expect(service.asked).toBe(before);
  expect(await meeting.state()).toMatchObject({ mode: "off", setback: null });
  expect(await meeting.said()).toEqual([]);
  const changed = await meeting.tenant.send("PATCH", meeting.path, { captions: "final" });
  expect(changed.status).toBe(200);
  expect(await meeting.state()).toMatchObject({ mode: "final" });
  await meeting.told();
  await meeting.settle();
  expect(await meeting.said()).toHaveLength(2);
});

test("[Q5] of a meeting that is another's, never was or is deleted nothing is told", async () => {
  const meeting = await Meeting.of("final", 3);
  const stranger = await Tenant.new();
  const asStranger = await guarded(`${meeting.path}/captions`, { headers: bearer(stranger.key) });
  expect(await codeOf(asStranger)).toBe("404 session_not_found");
  expect(await codeOf(await meeting.ask("/v1/sessions/never-opened/captions"))).toBe("404 session_not_found");
  expect((await guarded(`${meeting.path}/captions`)).status).toBe(401);
  expect((await meeting.tenant.send("DELETE", meeting.path)).status).toBeLessThan(300);
  await meeting.room.wakeUntil("the app is told", async () => {
    const [due] = await meeting.room.rows("SELECT due_at FROM jobs WHERE name = 'app_outbox'");
    return due === undefined;
  });
  expect(await codeOf(await meeting.ask(`${meeting.path}/captions`))).toMatch(/^(404|410) session_/);
  expect(await meeting.look(60_000)).toBe(false);
});

test("[Q6] captions that are switched off leave nothing of what one was saying: it is taken back, and what was said for good stays", async () => {
  service.isDown = false;
  const meeting = await Meeting.of("live", 4);
  const partial = await meeting.partial();
  expect(partial).toMatchObject({ track: "mic", text: "Something was said.", final: false });
  const finals = (await meeting.said()).filter(({ final }) => final === true);
  expect(finals).toHaveLength(1);
  expect((await meeting.tenant.send("PATCH", meeting.path, { captions: "off" })).status).toBe(200);
  await meeting.told();
  await meeting.look(1_000);
  const taken = await meeting.said();
  expect(taken.at(-1)).toMatchObject({ utterance_id: partial.utterance_id, text: "", withdrawn: true });
  // Nothing goes on from here, and nothing is taken back twice.
  expect(await meeting.look(60_000)).toBe(false);
  expect(await meeting.said()).toHaveLength(taken.length);
  // What was not said is, once captions are on again.
  expect((await meeting.tenant.send("PATCH", meeting.path, { captions: "final" })).status).toBe(200);
  await meeting.told();
  await meeting.settle();
  const standing = new Map((await meeting.said()).map((utterance) => [utterance.utterance_id, utterance]));
  const words = [...standing.values()].filter(({ withdrawn }) => withdrawn === undefined);
  expect(words.map(({ text, final }) => [text, final])).toEqual(range(1, 2).map(() => ["Something was said.", true]));
});
