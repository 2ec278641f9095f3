/**
 * One random life of a user's documents: two to four devices that edit, go offline, send twice, lose answers and come back late; kills at any
 * step, an R2 and a registry that are down, a clock that jumps. Checked against a model that knows what was written and what each writer
 * had seen, and nothing else: all devices end alike, nothing is lost, nothing is there twice, and each conflict is told once.
 */
import type { SyncAnswer } from "../../../schemas/http/sync.ts";
import { limits } from "../../../schemas/limits.ts";
import type { Change, Conflict, Version } from "../../../schemas/sync/documents.ts";
import { randomFrom } from "../support/random.ts";
import { bytesOf, type Mood, newWorld, shaOf, uploaded } from "./world.ts";

const ids = ["a", "b", "c", "d"] as const;
const dayMs = 86_400_000;

interface Pending {
  readonly push_id: string;
  readonly changes: readonly Change[];
}

class Device {
  readonly name: string;
  since = 0;
  scan: number | undefined;
  readonly documents = new Map<string, Version>();
  readonly conflicts = new Map<string, Conflict>();
  readonly told = new Map<string, number>();
  pending: Pending | undefined;
  /** While it gathers all there is: what it has not seen again. */
  unseen: Set<string> | undefined;

  constructor(name: string) {
    this.name = name;
  }

  absorb(answer: SyncAnswer): void {
    for (const { id, outcome, revision } of answer.applied) {
      const change = this.pending?.changes.find((one) => one.id === id);
      if (change && outcome === "applied")
        this.#take({ ...change, revision, deleted: change.deleted ?? false } as Version, false);
    }
    this.pending = undefined;
    if (answer.reset) this.unseen = new Set(this.documents.keys());
    for (const version of answer.changes) this.#take(version);
    for (const conflict of answer.conflicts) {
      if (conflict.resolved) this.conflicts.delete(conflict.conflict_id);
      else {
        if (!answer.reset && this.unseen === undefined)
          this.told.set(conflict.conflict_id, (this.told.get(conflict.conflict_id) ?? 0) + 1);
        this.conflicts.set(conflict.conflict_id, conflict);
      }
    }
    [this.since, this.scan] = [answer.revision, answer.scan ?? undefined];
    if (answer.has_more) return;
    for (const id of this.unseen ?? []) this.documents.delete(id);
    this.unseen = undefined;
  }

  #take(version: Version, isListed = true): void {
    if (isListed) this.unseen?.delete(version.id);
    if ((this.documents.get(version.id)?.revision ?? -1) <= version.revision) this.documents.set(version.id, version);
  }
}

/** @returns the first thing that is not as it must be; undefined where all is well. */
export async function runSchedule(seed: number): Promise<string | undefined> {
  const below = randomFrom(seed);
  const chance = (of: number): boolean => below(of) === 0;
  const world = newWorld(() => below(1_000) / 1_000);
  const moods: readonly Mood[] = ["up", "up", "up", "down", "answer_lost"];
  const moody = (): Mood => moods[below(moods.length)] ?? "up";
  world.bucket.mood = moody;
  world.registryMood.mood = moody;
  const devices = Array.from({ length: 2 + below(3) }, (_, n) => new Device(`device-${n}`));
  /** What was taken last of each document, "" where that was its deletion; and what became a conflict that nobody has settled. */
  const standing = new Map<string, string>();
  const open = new Map<string, string>();
  /** Changes whose outcome is known. */
  const known = new Set<string>();
  let sync = world.wake();
  let stale: { readonly device: Device; readonly fence: number } | undefined;
  let wrong: string | undefined;

  const send = (device: Device): SyncAnswer | undefined => {
    const { name: device_id, since, scan, pending } = device;
    const body = { device_id, since, limit: 1 + below(4), changes: [...(pending?.changes ?? [])] };
    const push = pending ? { push_id: pending.push_id } : {};
    const answer = sync.sync("knowledge", { ...body, ...push, ...(scan === undefined ? {} : { scan }) });
    if (!answer.ok) return undefined;
    for (const { id, outcome, conflict_id } of answer.value.applied) {
      const change = pending?.changes.find((one) => one.id === id);
      const key = `${pending?.push_id}/${id}`;
      // The outcomes of then are told again, and nothing is done again.
      if (!change || known.has(key)) continue;
      known.add(key);
      if (outcome === "applied") standing.set(id, wordsOf(change));
      if (conflict_id !== undefined) open.set(conflict_id, wordsOf(change));
      if (outcome === "applied" || outcome === "unchanged") for (const one of change.resolves ?? []) open.delete(one);
    }
    return answer.value;
  };

  for (let step = 0; step < 40 && wrong === undefined; step += 1) {
    const device = devices[below(devices.length)] ?? new Device("none");
    const dice = below(12);
    if (dice < 4) await write(device, `${seed}-${step}`);
    else if (dice < 8) {
      const answer = send(device);
      // Arrived, and its answer is lost: the same comes again.
      if (answer && !chance(4)) device.absorb(answer);
    } else if (dice === 8) world.clock.now += chance(2) ? below(40) * dayMs : -below(2) * dayMs;
    else if (dice === 9) await sync.run();
    else if (dice === 10) wrong = lockAt(device);
    else sync = world.wake();
    wrong ??= named();
  }
  if (wrong !== undefined) return wrong;
  sync.documents.lock.release("nobody", 0);
  world.clock.now += limits.syncLockMs + 1;
  [world.bucket.mood, world.registryMood.mood] = [() => "up", () => "up"];
  for (let round = 0; round < 60; round += 1) {
    for (const device of devices) {
      const answer = send(device);
      if (answer) device.absorb(answer);
    }
  }
  return atTheEnd();

  async function write(device: Device, tag: string): Promise<void> {
    if (device.pending) return;
    const changes: Change[] = [];
    for (const id of ids.filter(() => chance(2))) {
      const before = device.documents.get(id);
      const told = [...device.conflicts.values()].filter((one) => one.id === id);
      const resolves = chance(2) ? told.map(({ conflict_id }) => conflict_id) : [];
      const head = { id, revision: before?.revision ?? 0, ...(resolves.length > 0 ? { resolves } : {}) };
      if (chance(4)) changes.push({ ...head, deleted: true });
      else if (chance(3)) {
        const sha256 = await uploaded(sync, bytesOf(`body ${tag} ${id}`)).catch(() => undefined);
        if (sha256 !== undefined) changes.push({ ...head, sha256 });
      } else changes.push({ ...head, body: `${device.name} ${tag} ${id}` });
    }
    if (changes.length > 0) device.pending = { push_id: tag, changes };
  }

  function lockAt(device: Device): string | undefined {
    const taken = sync.documents.lock.take(device.name, undefined);
    if (!taken.ok) return undefined;
    const lost = stale;
    stale = { device, fence: taken.value.fence };
    if (!lost || lost.fence === taken.value.fence) return undefined;
    const late = sync.sync("settings", {
      device_id: lost.device.name,
      fence: lost.fence,
      limit: 1,
      changes: [{ id: "locked", body: { by: lost.device.name, fence: lost.fence } }],
    });
    world.clock.now += limits.syncLockMs + 1;
    return late.ok ? "a push of who had lost the lock was taken" : undefined;
  }

  /** Every body that a document names is there. */
  function named(): string | undefined {
    const rows = sync.documents.store.documentsAfter("knowledge", 0, 1_000);
    for (const { id, sha256 } of rows) {
      if (sha256 === null) continue;
      const at = sync.bodies.keyOf(sha256);
      const bytes = at && world.bucket.objects.get(at.key);
      if (!bytes || shaOf(bytes) !== sha256) return `the body of ${id} is gone`;
    }
    return undefined;
  }

  function atTheEnd(): string | undefined {
    const { store } = sync.documents;
    const truth = [...standing].filter(([, words]) => words !== "").map(([id, words]) => `${id}=${words}`);
    const expected = truth.toSorted().join(";");
    for (const device of devices) {
      if (device.pending) return `${device.name} has not sent everything`;
      const own = [...device.documents.values()].filter(({ deleted }) => !deleted);
      const got = own
        .map((version) => `${version.id}=${wordsOf(version)}`)
        .toSorted()
        .join(";");
      if (got !== expected) return `${device.name} has ${got}, of ${expected}`;
      const twice = [...device.told].find(([, times]) => times > 1);
      if (twice) return `${device.name} was told ${twice[1]} times of ${twice[0]}`;
    }
    const conflicts = store.conflictsAfter("knowledge", 0, 10_000).filter(({ resolved }) => resolved === 0);
    for (const device of devices) {
      const missing = conflicts.find(({ conflict_id }) => !device.conflicts.has(conflict_id));
      if (missing) return `${device.name} was not told of ${missing.conflict_id}`;
      if (device.conflicts.size !== conflicts.length) return `${device.name} knows of conflicts that are settled`;
    }
    const words = new Map(conflicts.map(({ conflict_id, content }) => [conflict_id, wordsIn(content)]));
    for (const [id, wanted] of open) if (words.get(id) !== wanted) return `the conflict ${id} lost what somebody wrote`;
    if (words.size !== open.size) return "a conflict that was settled is kept";
    const kept = conflicts.map(({ id, content, device_id, base }) => `${id}/${wordsIn(content)}/${device_id}/${base}`);
    if (new Set(kept).size !== kept.length) return "a conflict is kept twice";
    return named();
  }
}

function wordsOf({
  body,
  sha256,
  deleted,
}: {
  body?: unknown;
  sha256?: unknown;
  deleted?: boolean | undefined;
}): string {
  return deleted ? "" : String(body ?? sha256);
}

function wordsIn(content: string | null): string {
  return content === null ? "" : wordsOf(JSON.parse(content) as { body?: string; sha256?: string });
}
