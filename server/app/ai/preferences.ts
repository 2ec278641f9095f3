/**
 * Which models a tenant prefers, in D1. Read at most once in half a minute by each isolate; where it can't be read, what was read
 * last holds, or else the deployment's own models do: nobody goes without speech because a list is away.
 */
import { isWithin } from "../../shared/lib/cooldown.ts";
import type { CallKind } from "../../../schemas/billing/usage.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { type ModelChoice, type ModelName, modelNameOf, parseModelName } from "../../shared/config/speech.ts";
import { tryAgain } from "../../shared/d1/try-again.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";

export type PreferenceKind = Extract<CallKind, "stt" | "tts" | "chat">;
export type Preferences = { readonly [Kind in PreferenceKind]?: readonly ModelName[] };

const freshMs = 30_000;
const patienceMs = 2_000;
const maxTenants = 1_000;

interface Known {
  readonly at: number;
  readonly preferences: Preferences;
}

const known = new Map<string, Known>();

export async function preferencesOf(db: D1Database, tenant: string): Promise<Preferences> {
  const before = known.get(tenant);
  if (before && isWithin(freshMs, before.at, Date.now())) return before.preferences;
  try {
    const preferences = await withTimeout(read(db, tenant), patienceMs, "D1");
    remember(tenant, preferences);
    return preferences;
  } catch (cause) {
    log.warn("models.preferences_unread", { tenant, error: describeError(cause) });
    return before?.preferences ?? {};
  }
}

/** @param models null takes the choice back. */
export async function setPreference(
  db: D1Database,
  tenant: string,
  kind: PreferenceKind,
  models: readonly ModelName[] | null,
): Promise<void> {
  const statement =
    models === null
      ? db.prepare("DELETE FROM model_preferences WHERE tenant = ? AND kind = ?").bind(tenant, kind)
      : db
          .prepare("INSERT OR REPLACE INTO model_preferences (tenant, kind, models, updated_at) VALUES (?, ?, ?, ?)")
          .bind(tenant, kind, models.map(modelNameOf).join(" "), Date.now());
  await tryAgain(() => statement.run());
  known.delete(tenant);
}

async function read(db: D1Database, tenant: string): Promise<Preferences> {
  const found = db.prepare("SELECT kind, models FROM model_preferences WHERE tenant = ?").bind(tenant);
  const { results } = await tryAgain(() => found.all<{ kind: string; models: string }>());
  const entries = results.map(({ kind, models }) => [
    kind,
    models.split(" ").flatMap((name) => parseModelName(name) ?? []),
  ]);
  return Object.fromEntries(entries) as Preferences;
}

function remember(tenant: string, preferences: Preferences): void {
  known.delete(tenant);
  const [oldest] = known.keys();
  if (oldest !== undefined && known.size >= maxTenants) known.delete(oldest);
  known.set(tenant, { at: Date.now(), preferences });
}

/** A tenant's own choice holds as far as the deployment still allows it. */
export function namesFor({ preferred, allowed }: ModelChoice, own: readonly ModelName[] | undefined): ModelChoice {
  const allowedNames = new Set(allowed.map(modelNameOf));
  const chosen = (own ?? []).filter((name) => allowedNames.has(modelNameOf(name)));
  if (chosen.length === 0) return { preferred, allowed };
  const chosenNames = new Set(chosen.map(modelNameOf));
  return { preferred: chosen, allowed: [...chosen, ...allowed.filter((name) => !chosenNames.has(modelNameOf(name)))] };
}
