/**
 * One random life of two to four devices that run the client library against the server's documents. The model knows what each device wrote
 * and what it saw when it did. In the end all devices show the same, every word that somebody wrote stands, is in a conflict, or was seen by who
 * wrote over it, and each conflict was told to each device once.
 */
import type { SyncContent, SyncDocument } from "../../../client/sync/sync-types.ts";
import { limits } from "../../../schemas/limits.ts";
import { randomFrom } from "../support/random.ts";
import { ClientDevice, type Planted } from "./client-device.ts";
import { bytesOf, type Mood, newWorld, shaOf } from "./world.ts";
import type { UserSync } from "../../../server/app/sync/user-sync.ts";

const ids = ["a", "b", "c"] as const;
/** Each life is one of a collection, by its number. */
const collections = ["knowledge", "settings", "adapters"] as const;
const dayMs = 86_400_000;
const settleRounds = 40;

export interface PlantedServer extends Planted {
  readonly server?: (sync: UserSync) => UserSync;
}

/** @returns the first thing that is not as it must be; undefined where all is well. */
export async function runClientSchedule(seed: number, planted: PlantedServer = {}): Promise<string | undefined> {
  const below = randomFrom(seed);
  const collection = collections[seed % collections.length] ?? "knowledge";
  const chance = (of: number): boolean => below(of) === 0;
  const world = newWorld(() => below(1_000) / 1_000);
  const moods: readonly Mood[] = ["up", "up", "up", "down", "answer_lost"];
  let isCalm = false;
  const moody = (): Mood => (isCalm ? "up" : (moods[below(moods.length)] ?? "up"));
  world.bucket.mood = moody;
  world.registryMood.mood = moody;
  const wake = (): UserSync => (planted.server ?? ((sync) => sync))(world.wake());
  let sync = wake();
  const around = {
    luck: { isCalm: () => isCalm, below },
    server: () => sync,
    now: () => world.clock.now,
    planted,
  };
  const devices = Array.from({ length: 2 + below(3) }, (_, n) => new ClientDevice(`device-${n}`, around));
  /** What was written, and what its writer saw there; what somebody has chosen against. */
  const written = new Set<string>();
  const seen = new Set<string>();
  let fence: number | undefined;

  for (let step = 0; step < 60; step += 1) {
    const device = devices[below(devices.length)];
    if (!device) return "no device";
    const dice = below(14);
    if (dice < 4) await write(device, `${seed}-${step}`);
    else if (dice < 8) await device.do((client) => client.run({ collections: [collection] }));
    else if (dice === 8) await choose(device);
    else if (dice === 9) device.kill();
    else if (dice === 10) world.clock.now += chance(2) ? below(40) * dayMs : -below(2) * dayMs;
    else if (dice === 11) device.arriveLate();
    else if (dice === 12) await sync.run();
    else {
      const late = lockedOut(device);
      if (late !== undefined) return late;
      if (chance(2)) sync = wake();
    }
  }
  isCalm = true;
  world.clock.now += limits.syncLockMs + 1;
  for (let round = 0; round < settleRounds; round += 1)
    for (const device of devices) await device.do((client) => client.run({ collections: [collection] }));
  return atTheEnd();

  async function write(device: ClientDevice, tag: string): Promise<void> {
    const client = await device.open();
    for (const id of ids.filter(() => chance(2))) {
      const before = wordsOf(client.document(collection, id));
      const words = `${device.name} ${tag} ${id}`;
      const dice = below(5);
      // An adapter is bytes and nothing else; settings are fields.
      const isBytes = collection === "adapters" || (collection === "knowledge" && dice === 1);
      const isDone = await device.do(async (now) => {
        if (dice === 0) return now.delete(collection, id);
        if (collection === "settings") return now.set(collection, id, { body: { words } });
        // Devices give different documents one name: nothing may be told apart by it.
        const content = { title: "Notes" };
        if (isBytes) return now.setBody(collection, id, bytesOf(words), content);
        return now.set(collection, id, { ...content, body: words });
      });
      // Where the device died meanwhile, what it has kept is asked once it is up again.
      const after = await device.open();
      const now = wordsOf(after.document(collection, id));
      const wanted = dice === 0 ? "" : isBytes ? shaOf(bytesOf(words)) : words;
      if (!isDone && now !== wanted) continue;
      if (wanted !== "") written.add(wanted);
      if (before !== "") seen.add(before);
      if (!isDone) return;
    }
  }

  async function choose(device: ClientDevice): Promise<void> {
    const client = await device.open();
    const [conflict] = client.conflicts();
    if (!conflict) return;
    const words = `${device.name} chose ${below(1e9)}`;
    const merged = collection === "settings" ? { body: { words } } : { title: "Notes", body: words };
    const choice = (["mine", "theirs", { merged }] as const)[below(collection === "adapters" ? 2 : 3)];
    if (choice === undefined) return;
    const mine = wordsOf(conflict.yours ?? undefined);
    const stands = wordsOf(client.document(collection, conflict.id));
    // Whoever chooses has seen both, and what of their own hides what stands.
    for (const one of [mine, wordsOf(conflict.theirs ?? undefined), stands]) if (one !== "") seen.add(one);
    if (typeof choice === "object") written.add(words);
    const isDone = await device.do((now) => now.resolve(conflict.conflict_id, choice));
    if (isDone || typeof choice !== "object") return;
    const kept = wordsOf((await device.open()).document(collection, conflict.id));
    if (kept !== words) written.delete(words);
  }

  /** Who lost the lock and does not know pushes nothing any more. */
  function lockedOut(device: ClientDevice): string | undefined {
    const taken = sync.documents.lock.take(device.name, undefined);
    if (!taken.ok) return undefined;
    const lost = fence;
    fence = taken.value.fence;
    world.clock.now += limits.syncLockMs + 1;
    if (lost === undefined || lost === fence) return undefined;
    const changes = [{ id: "locked", body: { fence: lost } }];
    const late = sync.sync("settings", { device_id: "late", fence: lost, limit: 1, changes });
    return late.ok ? "a push of who had lost the lock was taken" : undefined;
  }

  async function atTheEnd(): Promise<string | undefined> {
    const rows = sync.documents.store.documentsAfter(collection, 0, 1_000).filter(({ deleted }) => deleted === 0);
    const standing = rows.map(({ id, content }) => `${id}=${wordsOf(JSON.parse(content ?? "{}") as SyncContent)}`);
    const open = sync.documents.store.conflictsAfter(collection, 0, 10_000).filter(({ resolved }) => resolved === 0);
    const inConflict = new Set(open.map(({ content }) => wordsOf(JSON.parse(content ?? "{}") as SyncContent)));
    for (const device of devices) {
      const client = await device.open();
      const [waiting] = client.pending();
      if (waiting) return `${device.name} has not sent ${waiting.id} (${waiting.refused})`;
      const shown = client.documents(collection).map((one) => `${one.id}=${wordsOf(one)}`);
      if (shown.toSorted().join(";") !== standing.toSorted().join(";"))
        return `${device.name} shows ${shown.toSorted().join(";")}, of ${standing.toSorted().join(";")}`;
      const known = new Set(client.conflicts().map(({ conflict_id }) => conflict_id));
      const missing = open.find(({ conflict_id }) => !known.has(conflict_id));
      if (missing) return `${device.name} does not know of the conflict on ${missing.id}`;
      if (known.size !== open.length) return `${device.name} knows of conflicts that are settled`;
      const untold = open.find(({ conflict_id }) => !device.told.has(conflict_id));
      if (untold) return `${device.name} was not told of the conflict on ${untold.id}`;
      const [twice] = device.toldAgain;
      if (twice !== undefined) return `${device.name} was told twice of ${twice}`;
    }
    const stands = new Set(standing.map((one) => one.slice(one.indexOf("=") + 1)));
    const lost = [...written].find((words) => !stands.has(words) && !inConflict.has(words) && !seen.has(words));
    return lost === undefined ? undefined : `“${lost}” is lost: nobody who wrote over it had seen it`;
  }
}

function wordsOf(content: SyncContent | SyncDocument | undefined): string {
  const { sha256, body } = content ?? {};
  if (sha256 !== undefined) return sha256;
  return typeof body === "string" ? body : ((body as { readonly words?: string } | undefined)?.words ?? "");
}
