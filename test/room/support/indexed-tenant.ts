/** A tenant of a test's own whose meetings are indexed. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { FeedMessage } from "../../../schemas/meeting-feed.ts";
import type { Env as AppEnv } from "../../../server/app/env.ts";
import { bindings } from "./bindings.ts";
import { clock } from "./clock.ts";
import type { RoomUnderTest } from "./room.ts";
import { Tenant } from "./tenant.ts";

const { MEETING_INDEX } = env as unknown as AppEnv;
export const anywhere = { sessions: undefined, tracks: undefined, speakers: undefined, from: undefined, to: undefined };

interface Said {
  readonly utterance_id?: string;
  readonly text: string;
  readonly speaker?: string;
  readonly track?: string;
}

export class IndexedTenant {
  readonly tenant: Tenant;
  #at = 0;

  static async new(): Promise<IndexedTenant> {
    return new IndexedTenant(await Tenant.new());
  }

  private constructor(tenant: Tenant) {
    this.tenant = tenant;
  }

  get index() {
    return MEETING_INDEX.getByName(this.tenant.name);
  }

  async meeting(said: readonly Said[]): Promise<RoomUnderTest> {
    const room = this.tenant.room();
    await this.tenant.create(room);
    await this.say(room, said);
    return room;
  }

  async say(room: RoomUnderTest, said: readonly Said[]): Promise<void> {
    const utterances = said.map((one) => ({ ...one, start_ms: (this.#at += 1_000), end_ms: this.#at + 900 }));
    const answer = await this.tenant.send("POST", `/v1/sessions/${room.sessionId}/utterances`, { utterances });
    if (answer.status !== 200) throw new Error(`the utterances were not taken: ${await answer.text()}`);
  }

  /** As the gateway tells it. */
  async tell(room: RoomUnderTest, id: number, type: "utterances.changed" | "session.deleted"): Promise<void> {
    const common = { id, at: new Date(clock.now()).toISOString() };
    const message: FeedMessage =
      type === "session.deleted"
        ? { ...common, type }
        : { ...common, type, first_event_id: 1, last_event_id: 1, added: 1, revised: 0 };
    const batch = { tenant: this.tenant.name, session_id: room.sessionId, messages: [message] };
    await bindings.APP?.takeMeeting(batch);
  }

  async find(question: string, within: Partial<typeof anywhere> | { sessions: string[] } = {}): Promise<string[]> {
    const found = await this.index.find(question, { ...anywhere, ...within }, 10);
    return found.map(({ line }) => line.text);
  }

  /** All rows of the object that a word stands in, FTS5's own included. */
  async rowsWith(word: string): Promise<number> {
    return runInDurableObject(this.index, (_, { storage: { sql } }) => {
      const tables = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
      const needle = new TextEncoder().encode(word);
      const holds = (value: SqlStorageValue): boolean => {
        if (!(value instanceof ArrayBuffer)) return String(value).toLowerCase().includes(word);
        const bytes = new Uint8Array(value);
        return bytes.some((_byte, at) => needle.every((one, i) => bytes[at + i] === one));
      };
      let rows = 0;
      for (const { name } of tables.filter((table) => !/^(_cf_|words$)/.test(table.name))) {
        for (const row of sql.exec(`SELECT * FROM "${name}"`).toArray()) if (Object.values(row).some(holds)) rows += 1;
      }
      return rows;
    });
  }
}
