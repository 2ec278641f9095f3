import type { ResolveSettings, SessionAnswer, SessionConfig } from "../../schemas/http.ts";

/** The settings with what is asked for in place of what was. */
export function resolveSettingsFrom(before: ResolveSettings, asked: SessionConfig["resolve"]): ResolveSettings {
  return {
    auto: asked?.auto ?? before.auto,
    window_chunks: asked?.window_chunks ?? before.window_chunks,
  };
}

/** Whether a session's settings are those asked for, so that asking twice is no conflict. */
export function hasSettings(settings: SessionAnswer, asked: SessionConfig): boolean {
  const { roster, metadata, resolve } = asked;
  return (
    (roster === undefined || isSame(settings.roster, roster)) &&
    (metadata === undefined || isSame(settings.metadata, metadata)) &&
    (resolve === undefined || isSame(resolveSettingsFrom(settings.resolve, resolve), settings.resolve))
  );
}

/** Of values that went through one parser: the order of fields is the writer's. */
function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
