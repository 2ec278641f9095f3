/** What a client of sync takes and gives (SPEC SY), and the ports that it works through. */
import type { BodyState, SyncAnswer, SyncStatus } from "../../schemas/http/sync.ts";
import type { Change, Collection, Conflict, Outcome, Version } from "../../schemas/sync/documents.ts";

/** What a document holds, without what the log knows of it. */
export type SyncContent = Partial<Pick<Version, "title" | "media_type" | "base_model" | "body" | "sha256">>;

export interface SyncDocument extends SyncContent {
  readonly id: string;
  /** Of the version that the gateway has; 0 of one that it has not. */
  readonly revision: number;
  /** Whether it was changed here, and the gateway has not said yet that it has that. */
  readonly isPending: boolean;
}

export interface SyncConflict extends Conflict {
  readonly collection: Collection;
}

/** What was changed here and is still to be sent. */
export interface PendingChange {
  readonly collection: Collection;
  readonly id: string;
  readonly isDeletion: boolean;
  /** Why the gateway does not take it. It is kept, and sent again once it is changed or `retryRefused` is called. */
  readonly refused: Outcome["reason"] | undefined;
}

/** `mine`: what came second takes the place of what stands. `theirs`: what stands, stays. Or a version of one's own. */
export type Choice = "mine" | "theirs" | { readonly merged: SyncContent };

export interface SyncReport {
  /** Changes that the gateway has taken. */
  readonly pushed: number;
  /** Versions that came. */
  readonly pulled: number;
  /** Collections that began anew, since the gateway's log knows no more of what this device had. */
  readonly reset: readonly Collection[];
  /** Changes that the gateway does not have: those that it refused, and those that were made while it was asked. */
  readonly pending: readonly PendingChange[];
  /** All that nobody has settled. */
  readonly conflicts: readonly SyncConflict[];
}

export interface SyncEvents {
  /**
   * Two devices changed one document. Each is told once: a kill before the promise resolves has it told again, under the same
   * `conflict_id`, and nothing else does.
   */
  readonly onConflict?: (conflict: SyncConflict) => void | Promise<void>;
  readonly onReset?: (collection: Collection) => void;
  /** Waits before it tries again, at most as often as `attempts` says. */
  readonly onWait?: (wait: { readonly why: string; readonly delayMs: number; readonly attempt: number }) => void;
}

/** Requests of one device. Each may be sent twice. All reject with a `RoomtoneError`, or the signal's reason. */
export interface SyncTransport {
  sync(collection: Collection, body: SyncRequest, signal?: AbortSignal): Promise<SyncAnswer>;
  status(signal?: AbortSignal): Promise<SyncStatus>;
  startBody(sha256: string, bytes: number, signal?: AbortSignal): Promise<BodyState>;
  putPart(sha256: string, part: number, bytes: Uint8Array, signal?: AbortSignal): Promise<BodyState>;
  completeBody(sha256: string, signal?: AbortSignal): Promise<BodyState>;
  getBody(sha256: string, signal?: AbortSignal): Promise<Uint8Array>;
}

export interface SyncRequest {
  readonly device_id: string;
  readonly push_id?: string;
  readonly since: number;
  readonly scan?: number;
  readonly fence?: number;
  readonly limit?: number;
  readonly changes: readonly Change[];
}

/** What is kept under a key; null removes it. */
export type SyncBatch = ReadonlyMap<string, unknown>;

/**
 * Where a device keeps what it has and what it has not sent. Values are plain JSON. `commit` keeps all of a batch or nothing, and
 * resolves when that is on disk.
 */
export interface SyncStorage {
  load(): Promise<ReadonlyMap<string, unknown>>;
  commit(batch: SyncBatch): Promise<void>;
  putBody(sha256: string, bytes: Uint8Array): Promise<void>;
  body(sha256: string): Promise<Uint8Array | undefined>;
  dropBody(sha256: string): Promise<void>;
  close(): Promise<void>;
}

export interface SyncClientOptions extends SyncEvents {
  readonly storage: SyncStorage;
  readonly transport: SyncTransport;
  readonly now: () => number;
  readonly newId: () => string;
  readonly pause: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** How long to wait where a request failed for a while; undefined where it would fail the same way. */
  readonly delayMs: (cause: unknown, attempt: number) => number | undefined;
  /** How often a request is sent again, at most. */
  readonly attempts: number;
  /** Of one answer; the gateway's most by default. */
  readonly pageSize?: number | undefined;
}

export interface BasedOn {
  /** Of the version that was edited or chosen against, where that is older than what this device has since: a file that somebody had open. */
  readonly revision?: number;
}

export interface RunOptions {
  readonly collections?: readonly Collection[];
  readonly signal?: AbortSignal | undefined;
}

/** What is kept on this device is no state of sync. */
export class SyncDamagedError extends Error {
  override readonly name = "SyncDamagedError";
}

/** What is kept on this device is of another user than the credential. Nothing was sent. */
export class SyncOtherUserError extends Error {
  override readonly name = "SyncOtherUserError";

  constructor() {
    super(
      "What is kept here is another user's: use their credential, or a folder or storage of its own for this one. Nothing was sent.",
    );
  }
}
