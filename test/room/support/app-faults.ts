/** The app as rooms reach it: none, unless a test binds one; and then the real one, behind faults. */
import type { FeedBatch, FeedMessage } from "../../../schemas/meeting-feed.ts";
import { defaultTenant, roomName } from "../../../schemas/names.ts";
import type { AppBinding } from "../../../server/gateway/env.ts";
import { bindings } from "./bindings.ts";

/** What becomes of a call; undefined: the real app answers it. */
type Fault = (batch: FeedBatch, app: AppBinding) => Promise<unknown>;

export const faults = {
  down: () => Promise.reject(new Error("the app is down")),
  /** The app did its work, and nobody hears of it. */
  lostAnswer: async (batch, app) => {
    await app.takeMeeting(batch);
    throw new Error("the answer was lost");
  },
  malformed: () => Promise.resolve({ taken: "all" }),
} as const satisfies Record<string, Fault>;

export class AppUnderTest {
  fault: Fault | undefined;
  /** Every message that was handed out, in order, as often as it was. */
  readonly sent: FeedMessage[] = [];
  calls = 0;

  readonly binding: AppBinding = {
    fetch: () => Promise.reject(new Error("rooms ask the app for no page")),
    takeMeeting: async (batch) => {
      const { APP } = bindings;
      if (!APP) throw new Error("the test Worker has no app");
      this.calls += 1;
      this.sent.push(...structuredClone(batch.messages));
      return this.fault ? this.fault(batch, APP) : APP.takeMeeting(batch);
    },
  };
}

const apps = new Map<string, AppBinding>();

/** Binds an app for one room, before it wakes. */
export function bindApp(sessionId: string, tenant: string = defaultTenant): AppUnderTest {
  const app = new AppUnderTest();
  apps.set(roomName(tenant, sessionId), app.binding);
  return app;
}

/** What rooms have as their binding `APP`. */
export function appOf(name: string | undefined): { APP?: AppBinding } {
  const app = apps.get(name ?? "");
  return app ? { APP: app } : {};
}

/** The app is bound no more. */
export function unbindApp(sessionId: string, tenant: string = defaultTenant): void {
  apps.delete(roomName(tenant, sessionId));
}
