/** The switches of the installation: the answer is shared by all that runs in one isolate over the same binding. */
import { Switches } from "./switches.ts";

const known = new WeakMap<D1Database, Switches>();

export function switchesOf(db: D1Database): Switches {
  const found = known.get(db);
  if (found) return found;
  const made = new Switches({
    read: async () =>
      (await db.prepare("SELECT name FROM switches").all<{ name: string }>()).results.map((row) => row.name),
    now: () => Date.now(),
  });
  known.set(db, made);
  return made;
}
