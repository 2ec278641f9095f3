import { isSameJson } from "../../shared/json/same-json.ts";
import type { ResolveSettings, SessionAnswer, SessionConfig } from "../../../schemas/http/sessions.ts";

/** The settings with what is asked for in place of what was. */
export function resolveSettingsFrom(before: ResolveSettings, asked: SessionConfig["resolve"]): ResolveSettings {
  const review = asked?.review ?? before.review;
  return {
    auto: asked?.auto ?? before.auto,
    window_chunks: asked?.window_chunks ?? before.window_chunks,
    ...(review === undefined ? {} : { review }),
  };
}

/** A setting that null takes away: where the session's webhooks go, what it is called. */
export function settingFrom<T>(before: T | undefined, asked: T | null | undefined): T | undefined {
  return asked === undefined ? before : (asked ?? undefined);
}

/** Length of metadata as JSON: what is read may be shorter than what is written (1e20). */
export function metadataChars(metadata: SessionConfig["metadata"]): number {
  return JSON.stringify(metadata ?? {}).length;
}

/** Settings that no result holds, so that they may change after finalize. */
const outsideResult: ReadonlySet<string> = new Set([
  "title",
  "webhook_url",
  "retention_days",
  "captions",
] satisfies (keyof SessionConfig)[]);

/** Whether it is these alone that are asked for. */
export function isOutsideResult(asked: SessionConfig): boolean {
  const names = Object.entries(asked).flatMap(([name, value]) => (value === undefined ? [] : [name]));
  return names.length > 0 && names.every((name) => outsideResult.has(name));
}

/** Whether a session's settings are those asked for, so that asking twice is no conflict. */
export function hasSettings(settings: SessionAnswer, webhookUrl: string | undefined, asked: SessionConfig): boolean {
  const { title, roster, metadata, resolve, retention_days: days, auto_finalize_after_ms: afterMs } = asked;
  return (
    (title === undefined || title === settings.title) &&
    (roster === undefined || isSameJson(settings.roster, roster)) &&
    (metadata === undefined || isSameJson(settings.metadata, metadata)) &&
    (resolve === undefined || isSameJson(resolveSettingsFrom(settings.resolve, resolve), settings.resolve)) &&
    settingFrom(webhookUrl, asked.webhook_url) === webhookUrl &&
    (asked.captions === undefined || asked.captions === settings.captions) &&
    (asked.participant === undefined || isSameJson(settings.participant ?? null, asked.participant)) &&
    (days === undefined || days === settings.retention_days) &&
    (afterMs === undefined || afterMs === settings.auto_finalize_after_ms)
  );
}
