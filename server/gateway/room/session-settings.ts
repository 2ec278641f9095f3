/** A session's settings: what was asked for, over what the installation has for all. Knows no sockets and no routes. */
import type { SessionAnswer, SessionConfig } from "../../../schemas/http/sessions.ts";
import { limits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import type { Tracks } from "../tracks/tracks.ts";
import type { SessionStore } from "../core/session-store.ts";
import type { Database } from "../../shared/lib/sql.ts";
import type { SpeakerBook } from "../speakers/speaker-book.ts";
import type { Lifecycle } from "../lifecycle/lifecycle.ts";
import { mergePatch } from "../../shared/json/merge-patch.ts";
import { hasSettings, isOutsideResult, metadataChars, resolveSettingsFrom, settingFrom } from "./settings.ts";

export interface SessionSettingsDeps {
  readonly db: Database;
  readonly sessionId: string;
  readonly store: SessionStore;
  readonly tracks: Tracks;
  readonly speakers: SpeakerBook;
  /** Where a session was not told how long it is kept and when it ends by itself. */
  readonly lifecycle: Pick<Lifecycle, "settings">;
  /** Called after the commit, for those who go by the settings to look again. */
  readonly onChange: () => void;
}

export class SessionSettings {
  readonly #deps: SessionSettingsDeps;

  constructor(deps: SessionSettingsDeps) {
    this.#deps = deps;
  }

  /**
   * Changes the settings. What `asked` does not name stays.
   * @param isFirst the session was opened for it: its metadata is kept as it is, and patches none.
   */
  configure(
    asked: SessionConfig,
    isFirst = false,
  ): Result<SessionAnswer, "settings_sealed" | "resolve_started" | "metadata_too_large"> {
    const { db, store, tracks, speakers, onChange } = this.#deps;
    if (!store.isOpen && !isOutsideResult(asked)) return err("settings_sealed");
    const before = store.config;
    const resolve = resolveSettingsFrom(before.resolve, asked.resolve);
    // Where windows begin follows from their length: a track half cut one way can't go on another way.
    const isCut = tracks.rows().some(({ resolved_seq }) => resolved_seq > 0);
    if (isCut && resolve.window_chunks !== before.resolve.window_chunks) return err("resolve_started");
    const given = asked.metadata ?? {};
    const metadata = isFirst ? given : mergePatch(before.metadata, given);
    const chars = metadataChars(metadata);
    // What an earlier version let grow may still shrink.
    if (chars > limits.maxMetadataChars && chars > metadataChars(before.metadata)) return err("metadata_too_large");
    db.transaction(() => {
      store.config = {
        ...before,
        title: settingFrom(before.title, asked.title),
        metadata,
        resolve,
        webhook_url: settingFrom(before.webhook_url, asked.webhook_url),
        ...(asked.captions === undefined ? {} : { captions: asked.captions }),
        ...(asked.participant === undefined ? {} : { participant: asked.participant ?? undefined }),
        ...(asked.retention_days === undefined ? {} : { retention_days: asked.retention_days }),
        ...(asked.auto_finalize_after_ms === undefined ? {} : { auto_finalize_after_ms: asked.auto_finalize_after_ms }),
      };
      if (asked.roster) speakers.setRoster(asked.roster);
      store.touch();
    });
    onChange();
    return ok(this.shown());
  }

  /** Gives a session that is opened in this step its settings. */
  setUp(asked: SessionConfig): void {
    const set = this.configure(asked, true);
    if (!set.ok) throw new Error(`a new session refuses its settings: ${set.error}`);
  }

  /** Whether they are those asked for, so that asking twice is no conflict. */
  match(asked: SessionConfig): boolean {
    return hasSettings(this.shown(), this.#deps.store.config.webhook_url, asked);
  }

  /** The settings as they are shown: of the webhooks' address only the origin, since the rest may be a secret. */
  shown(): SessionAnswer {
    const { sessionId, store, speakers, lifecycle } = this.#deps;
    const { roster } = speakers.state();
    const { status, config } = store;
    const { webhook_url: url, ...shown } = config;
    return {
      session_id: sessionId,
      status,
      ...(roster ? { roster } : {}),
      ...shown,
      title: config.title ?? null,
      ...lifecycle.settings,
      ...(url === undefined ? {} : { webhook_origin: new URL(url).origin }),
    };
  }
}
