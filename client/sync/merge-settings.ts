/** Three versions of a settings document become one, by key. Pure. */
import { sameJson } from "./same-json.ts";

export type Settings = Readonly<Record<string, unknown>>;

export interface MergedSettings {
  /** What both sides changed is here as `mine` has it. */
  readonly merged: Record<string, unknown>;
  /** Keys that both sides changed to different values: somebody has to choose. */
  readonly clashes: readonly string[];
}

/**
 * @param base what both sides had; `{}` where nobody knows: then each key in which they differ, and which both have, is a clash.
 * A key that one side took out and the other left alone is out; one that the other changed is a clash.
 */
export function mergeSettings(base: Settings, mine: Settings, theirs: Settings): MergedSettings {
  const merged: [string, unknown][] = [];
  const clashes: string[] = [];
  const keys = [...new Set([...Object.keys(theirs), ...Object.keys(mine)])];
  for (const key of keys) {
    const [was, ours, other] = [own(base, key), own(mine, key), own(theirs, key)];
    const isMineChanged = !sameJson(was, ours);
    const isTheirsChanged = !sameJson(was, other);
    if (isMineChanged && isTheirsChanged && !sameJson(ours, other)) clashes.push(key);
    const value = isMineChanged ? ours : other;
    if (value !== undefined) merged.push([key, value]);
  }
  // Not by assignment: a key may be `__proto__`.
  return { merged: Object.fromEntries(merged), clashes };
}

function own(settings: Settings, key: string): unknown {
  return Object.hasOwn(settings, key) ? settings[key] : undefined;
}
