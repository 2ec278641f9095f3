/** A meeting of a tenant of its own, and those who come to it with tokens. */
import { Client } from "./client.ts";
import { bearer, guarded, tokenWith } from "./doors.ts";
import type { RoomUnderTest } from "./room.ts";
import { Tenant } from "./tenant.ts";

export class Meeting {
  static async open(variables: Readonly<Record<string, string>> = {}): Promise<Meeting> {
    const tenant = await Tenant.new();
    const room = tenant.room(variables);
    await tenant.create(room);
    return new Meeting(tenant, room);
  }

  readonly tenant: Tenant;
  readonly room: RoomUnderTest;

  private constructor(tenant: Tenant, room: RoomUnderTest) {
    this.tenant = tenant;
    this.room = room;
  }

  token(sub: string, claims: object = {}): Promise<string> {
    return tokenWith({ tenant: this.tenant.name, session_id: this.room.sessionId, sub, role: "capture", ...claims });
  }

  async stream(sub: string, track: string | undefined, claims: object = {}): Promise<Client> {
    const credential = await this.token(sub, claims);
    const options = { credential, via: guarded };
    return Client.connect(this.room.sessionId, track === undefined ? options : { ...options, track });
  }

  async watch(sub: string): Promise<Client> {
    const headers = { upgrade: "websocket", ...bearer(await this.token(sub, { role: "observe" })) };
    return Client.over(await guarded(`/v1/sessions/${this.room.sessionId}/live`, { headers }), this.room.sessionId);
  }
}
