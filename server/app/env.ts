import type { MeetingFeed } from "./feed/meeting-feed.ts";

/** The app's bindings (server/app/wrangler.jsonc). Its variables are parsed by `server/shared/config/speech.ts`. */
export interface Env {
  /** The files of `dist/app`. */
  readonly ASSETS: Pick<Fetcher, "fetch">;
  /** One for each session, by its room's name. */
  readonly MEETING_FEED: DurableObjectNamespace<MeetingFeed>;
}
