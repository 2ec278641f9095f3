/** The app outbox as a part of the room. It is in the list only where an app is bound: a room without one writes nothing. */
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import type { Core } from "../core/core.ts";
import type { Part } from "../core/part.ts";
import { AppOutbox, type AppOutboxDeps } from "./app-outbox.ts";
import type { Known } from "./feed-plan.ts";
import { outboxTables } from "./outbox-store.ts";

export interface AppOutboxSettings {
  readonly take: AppOutboxDeps["take"];
  readonly tracks: () => Known["tracks"];
  /** What is said of the result, once it is written. */
  /** The newest version of the result, beyond the first. */
  readonly revision: () => Known["revised"];
  readonly result: () => NonNullable<Known["finalized"]>;
  readonly isArchiving: () => boolean;
}

const job = "app_outbox";
/** What the words of a meeting are, and whose. */
const words: ReadonlySet<RoomEvent["type"]> = new Set([
  "utterance.added",
  "utterance.revised",
  "speaker.bound",
  "speaker.unbound",
  "speaker.merged",
  "speaker.reassigned",
  "speaker.undone",
]);

export interface AppOutboxPart extends Part {
  /** Tells the app what is untold, if it takes it now. Never rejects. */
  readonly tell: () => Promise<void>;
}

export function appOutboxPart(
  core: Core,
  { take, tracks, result, revision, isArchiving }: AppOutboxSettings,
): AppOutboxPart {
  const { db, jobs, log, random, session, status, store, synced } = core;
  const outbox = new AppOutbox({
    db,
    tenant: session.tenant,
    sessionId: session.sessionId,
    known: () => ({
      openedAt: store.createdAt,
      captions: store.config.captions,
      tracks: tracks(),
      finalized: store.status === "finalized" ? result() : undefined,
      revised: revision(),
      isDeleted: status.isGone,
    }),
    isArchiving: () => !status.isGone && isArchiving(),
    take,
    synced,
    wakeAt: (at) => jobs.at(job, at),
    random,
    log,
  });
  return {
    name: "app outbox",
    tell: () => outbox.run(),
    jobs: { [job]: () => outbox.run() },
    on: {
      eventAppended: ({ type }) => {
        if (type === "track.opened" || type === "result.revised") outbox.tellSoon();
        else if (words.has(type)) outbox.tellLater();
      },
      resolveAnswered: () => outbox.resolveCalled(),
      chunkStored: () => outbox.counted(),
      settingsChanged: () => outbox.settingsChanged(),
      statusChanged: () => {
        // In the step that marks the deletion: after it the tables go.
        if (status.isGone) outbox.collect();
        outbox.tellSoon();
      },
    },
    woke: () => {
      // A session that was deleted before an app was bound is none of the app's business.
      if (!status.isGone || outbox.isBegun) outbox.woke();
    },
    afterDeletion: { jobs: [job], tables: outboxTables },
  };
}

/** Where no app is bound: what an app was told before outlives a deletion, so that it hears of that when it is bound again (X6). */
export const unboundAppOutboxPart: AppOutboxPart = {
  name: "app outbox",
  tell: () => Promise.resolve(),
  afterDeletion: { tables: outboxTables },
};
