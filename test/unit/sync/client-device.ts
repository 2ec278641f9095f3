/** A device of the client library whose storage dies at any commit and whose network loses, repeats and delays requests. */
import { memorySyncStorage } from "../../../client/sync/memory-storage.ts";
import { SyncClient } from "../../../client/sync/sync-client.ts";
import type { SyncConflict, SyncRequest, SyncStorage, SyncTransport } from "../../../client/sync/sync-types.ts";
import type { SyncBody } from "../../../schemas/http/sync.ts";
import type { Collection } from "../../../schemas/sync/documents.ts";
import type { Result } from "../../../schemas/lib/result.ts";
import type { UserSync } from "../../../server/app/sync/user-sync.ts";

export class Killed extends Error {}
export class Offline extends Error {}

/** What goes wrong, step by step; nothing at the end. */
export interface Luck {
  readonly isCalm: () => boolean;
  /** 0 to `of` - 1. */
  readonly below: (of: number) => number;
}

/** A bug that is planted, to see that it is found. */
export interface Planted {
  readonly storage?: (storage: SyncStorage) => SyncStorage;
  readonly transport?: (transport: SyncTransport) => SyncTransport;
}

export class ClientDevice {
  readonly name: string;
  readonly #luck: Luck;
  readonly #kept = memorySyncStorage();
  readonly #server: () => UserSync;
  readonly #planted: Planted;
  /** Requests that may arrive once more, late. */
  readonly #late: (() => void)[] = [];
  readonly #now: () => number;
  #ids = 0;
  client: SyncClient | undefined;
  /** Conflicts that were told here; and those that were once more, though no kill came before it was kept that they were. */
  readonly told = new Set<string>();
  readonly toldAgain: string[] = [];
  readonly #mayRepeat = new Set<string>();
  readonly resets: Collection[] = [];

  constructor(name: string, around: { luck: Luck; server: () => UserSync; now: () => number; planted: Planted }) {
    this.name = name;
    this.#luck = around.luck;
    this.#server = around.server;
    this.#planted = around.planted;
    this.#now = around.now;
  }

  async open(): Promise<SyncClient> {
    for (;;) {
      try {
        this.client ??= await SyncClient.open(
          {
            storage: (this.#planted.storage ?? ((storage) => storage))(this.#storage()),
            transport: (this.#planted.transport ?? ((transport) => transport))(this.#transport()),
            now: this.#now,
            newId: () => `${this.name}-${(this.#ids += 1)}`,
            pause: () => Promise.resolve(),
            delayMs: (cause) => (cause instanceof Offline ? 1 : undefined),
            attempts: 1,
            pageSize: 1 + this.#luck.below(4),
            onReset: (collection) => this.resets.push(collection),
            onConflict: (conflict) => this.#hear(conflict),
          },
          this.name,
        );
        return this.client;
      } catch (cause) {
        if (!(cause instanceof Killed)) throw cause;
      }
    }
  }

  /** Runs something on the device; a kill in it is one of the device. @returns whether it came to its end. */
  async do(work: (client: SyncClient) => Promise<unknown>): Promise<boolean> {
    try {
      await work(await this.open());
      return true;
    } catch (cause) {
      if (cause instanceof Killed) this.client = undefined;
      else if (!(cause instanceof Offline || (cause instanceof Error && cause.message === "refused"))) throw cause;
      return false;
    }
  }

  kill(): void {
    this.client = undefined;
  }

  /** A request of before arrives once more. */
  arriveLate(): void {
    this.#late.splice(this.#luck.below(this.#late.length || 1), 1)[0]?.();
  }

  #hear({ conflict_id }: SyncConflict): void {
    if (this.told.has(conflict_id) && !this.#mayRepeat.delete(conflict_id)) this.toldAgain.push(conflict_id);
    this.told.add(conflict_id);
  }

  #storage(): SyncStorage {
    const dies = (): void => {
      if (!this.#luck.isCalm() && this.#luck.below(25) === 0) throw new Killed();
    };
    return {
      ...this.#kept,
      commit: async (batch) => {
        try {
          dies();
        } catch (cause) {
          // Nobody knows that it was told: it may be, once more.
          for (const [key, row] of batch)
            if ((row as { is_told?: boolean } | null)?.is_told) this.#mayRepeat.add(key.slice("conflict/".length));
          throw cause;
        }
        await this.#kept.commit(structuredClone(batch));
        dies();
      },
      putBody: async (sha256, bytes) => {
        dies();
        await this.#kept.putBody(sha256, bytes);
      },
    };
  }

  #transport(): SyncTransport {
    return {
      sync: (collection, body) => this.#send(() => this.#server().sync(collection, whole(body))),
      status: () => this.#send(() => ({ ok: true, value: this.#server().status() })),
      startBody: (sha256, bytes) => this.#send(() => this.#server().bodies.start(sha256, bytes)),
      putPart: (sha256, part, bytes) => this.#send(() => this.#server().bodies.putPart(sha256, part, bytes)),
      completeBody: (sha256) => this.#send(() => this.#server().bodies.complete(sha256)),
      getBody: () => Promise.reject(new Error("no body is read in these schedules")),
    };
  }

  async #send<T>(take: () => Result<T, string> | Promise<Result<T, string>>): Promise<T> {
    const { below, isCalm } = this.#luck;
    if (!isCalm() && below(6) === 0) throw new Offline();
    if (!isCalm() && below(8) === 0) this.#late.push(() => void Promise.resolve(take()).catch(() => undefined));
    if (this.#late.length > 8) this.#late.shift();
    const answer = await Promise.resolve(take()).catch(() => {
      // R2 or the registry are down.
      throw new Offline();
    });
    if (!isCalm() && below(10) === 0) await Promise.resolve(take()).catch(() => undefined);
    if (!isCalm() && below(6) === 0) throw new Offline();
    if (!answer.ok) throw Object.assign(new Error("refused"), { code: answer.error });
    return answer.value;
  }
}

function whole(body: SyncRequest): SyncBody {
  const { limit = 500, ...rest } = structuredClone(body);
  return { ...rest, limit } as SyncBody;
}
