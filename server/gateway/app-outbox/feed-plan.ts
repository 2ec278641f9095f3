/**
 * What the app is still to be told of a session: the difference between what the room's tables say and what was told before.
 * Pure. Because it is a difference, nothing is written for the app while a meeting goes on, and an app that was away for an
 * hour gets as many messages as one that was away for a second (SPEC X5).
 */
import * as z from "zod";
import { captionsModeSchema, type CaptionsMode } from "../../../schemas/http/sessions.ts";
import type { FeedMessage } from "../../../schemas/meeting-feed.ts";
import { trackNameSchema } from "../../../schemas/names.ts";

const count = z.int().min(0);

/** What was told, as the room keeps it. */
export const toldSchema = z.object({
  /** The last message's id. */
  last_id: count,
  opened: z.boolean(),
  /** Events up to this one were looked at. */
  event_id: count,
  resolve_calls: count,
  tracks: z.record(trackNameSchema, z.object({ kept_seconds: count, archived_seq: count })),
  finalized: z.boolean(),
  /** The version of the result; rows of before November 2026 have none. */
  version: z.int().min(1).default(1),
  deleted: z.boolean(),
  /** The session's own setting, null where it has none. Rows of before December 2026 don't have it. */
  captions: captionsModeSchema.nullable().optional(),
});
export type Told = z.infer<typeof toldSchema>;

export const nothingTold: Told = {
  last_id: 0,
  opened: false,
  event_id: 0,
  resolve_calls: 0,
  tracks: {},
  finalized: false,
  version: 1,
  deleted: false,
};

/** What the room's tables say. Times are ms since 1970. */
export interface Known {
  readonly openedAt: number;
  /** The session's own setting. */
  readonly captions: CaptionsMode | undefined;
  readonly tracks: readonly TrackProgress[];
  /** Those after `Told.event_id`, in order. */
  readonly openings: readonly { readonly event_id: number; readonly at: number; readonly track: string }[];
  /** Undefined where no utterance changed after `Told.event_id`. */
  readonly utterances: UtteranceChanges | undefined;
  /** Undefined where no speaker was named, merged or corrected after `Told.event_id`. */
  readonly speakers: EventSpan | undefined;
  readonly lastEventId: number;
  readonly resolveCalls: number;
  /** Undefined until the result can be read. */
  readonly finalized: { readonly result_key: string; readonly coverage: number } | undefined;
  /** Undefined while the newest version of the result is the first. */
  readonly revised?: { readonly version: number; readonly result_key: string } | undefined;
  /** Whether the session is deleted, or about to be. */
  readonly isDeleted: boolean;
}

export interface TrackProgress {
  readonly track: string;
  readonly kept_seconds: number;
  readonly archived_seq: number;
}

interface EventSpan {
  readonly first_event_id: number;
  readonly last_event_id: number;
}

export interface UtteranceChanges extends EventSpan {
  readonly added: number;
  readonly revised: number;
}

type Body<T = FeedMessage> = T extends FeedMessage ? Omit<T, "id" | "at"> : never;

/** @returns the messages to write, with their ids; and what is told once they are written. */
export function planFeed(
  told: Told,
  known: Known,
  now: number,
): { readonly messages: readonly FeedMessage[]; readonly told: Told } {
  const messages: FeedMessage[] = [];
  const tell = (body: Body, at = now): void => {
    messages.push({ ...body, id: told.last_id + messages.length + 1, at: new Date(at).toISOString() });
  };
  if (!told.opened) tell({ type: "session.opened" }, known.openedAt);
  for (const { event_id, at, track } of known.openings) tell({ type: "track.opened", track, event_id }, at);
  const captions = known.captions ?? null;
  // Who goes by the setting hears of each track again, however quiet it is.
  const isCaptionedAnew = told.captions !== undefined && told.captions !== captions;
  const moved = known.tracks.filter((track) => hasMoved(told, track) || (isCaptionedAnew && track.kept_seconds > 0));
  for (const { track, kept_seconds, archived_seq } of moved) {
    const seconds = kept_seconds - (told.tracks[track]?.kept_seconds ?? 0);
    tell({ type: "track.progressed", track, seconds, kept_seconds, archived_seq });
  }
  if (known.utterances) tell({ type: "utterances.changed", ...known.utterances });
  if (known.speakers) tell({ type: "speakers.changed", ...known.speakers });
  const calls = known.resolveCalls - told.resolve_calls;
  if (calls > 0) tell({ type: "resolve.called", calls, total_calls: known.resolveCalls });
  if (known.finalized && !told.finalized) tell({ type: "session.finalized", ...known.finalized });
  if (known.revised && known.revised.version > told.version) tell({ type: "result.revised", ...known.revised });
  if (known.isDeleted) tell({ type: "session.deleted" });
  const tracks = Object.fromEntries(
    moved.map(({ track, kept_seconds, archived_seq }) => [track, { kept_seconds, archived_seq }]),
  );
  return {
    messages,
    told: {
      last_id: told.last_id + messages.length,
      opened: true,
      event_id: Math.max(told.event_id, known.lastEventId),
      resolve_calls: Math.max(told.resolve_calls, known.resolveCalls),
      tracks: { ...told.tracks, ...tracks },
      finalized: told.finalized || known.finalized !== undefined,
      version: Math.max(told.version, known.revised?.version ?? 1),
      deleted: known.isDeleted,
      captions,
    },
  };
}

function hasMoved(told: Told, { track, kept_seconds, archived_seq }: TrackProgress): boolean {
  const before = told.tracks[track];
  return before ? before.kept_seconds !== kept_seconds || before.archived_seq !== archived_seq : kept_seconds > 0;
}
