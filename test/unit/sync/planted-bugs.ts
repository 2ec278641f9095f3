/** Bugs that a client or a server of sync could have, each put in from outside; none is in the product. */
import type { PlantedServer } from "./client-schedule.ts";

interface PlantedBug {
  readonly name: string;
  /** One life's worth of it. */
  readonly bug: () => PlantedServer;
  /** What is found. */
  readonly says: RegExp;
}

export const plantedBugs: readonly PlantedBug[] = [
  {
    name: "a lock without a fence",
    says: /lost the lock/,
    bug: () => ({
      server: (sync) => {
        sync.documents.lock.refusalOf = () => undefined;
        return sync;
      },
    }),
  },
  {
    name: "the last write wins",
    says: /is lost/,
    bug: () => ({
      transport: (transport) => ({
        ...transport,
        sync: (collection, body, signal) => {
          const changes = body.changes.map((change) =>
            change.revision ? { ...change, revision: Number.MAX_SAFE_INTEGER } : change,
          );
          return transport.sync(collection, { ...body, changes }, signal);
        },
      }),
    }),
  },
  {
    name: "bodies are told apart by their document's name",
    says: /is lost/,
    bug: () => {
      const byTitle = new Map<string, string>();
      return {
        transport: (transport) => ({
          ...transport,
          sync: (collection, body, signal) => {
            const changes = body.changes.map((change) => {
              if (!("sha256" in change) || change.sha256 === undefined) return change;
              const title = change.title ?? "";
              const sha256 = byTitle.get(title) ?? change.sha256;
              byTitle.set(title, sha256);
              return { ...change, sha256 };
            });
            return transport.sync(collection, { ...body, changes }, signal);
          },
        }),
      };
    },
  },
  {
    name: "the queue is cleared when it is sent, before the gateway confirms",
    says: /is lost/,
    bug: () => ({
      storage: (storage) => ({
        ...storage,
        commit: (batch) => {
          const isSending = [...batch].some(([key, row]) => key.startsWith("flight/") && row !== null);
          if (!isSending) return storage.commit(batch);
          const flights = [...batch].flatMap(([key, row]) =>
            (row as { edits: { id: string }[] }).edits.map(({ id }) => `${key.replace("flight/", "edit/")}/${id}`),
          );
          return storage.commit(new Map(flights.map((key) => [key, null])));
        },
      }),
    }),
  },
  {
    name: "a conflict is told again after a restart",
    says: /was told twice/,
    bug: () => ({
      storage: (storage) => ({
        ...storage,
        commit: (batch) => {
          const isTelling = [...batch].every(([, row]) => (row as { is_told?: boolean } | null)?.is_told === true);
          return isTelling ? Promise.resolve() : storage.commit(batch);
        },
      }),
    }),
  },
];
