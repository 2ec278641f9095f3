/**
 * Meetings as a question sees them: what its asker may see, and wants to see, is settled before anything is looked for (SPEC J2, J3).
 * Knows no model.
 */
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { type Principal, tracksOf } from "../../shared/access/principal.ts";
import type { Env } from "../env.ts";
import type { LineRow, MeetingFacts, Missing, Place, Ranked, Within } from "../search/index.ts";

/** What a question asks to be confined to. */
export interface LookedIn {
  readonly meetings?: readonly string[] | undefined;
  readonly documents?: readonly string[] | undefined;
  readonly speakers?: readonly string[] | undefined;
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/** A tenant's meetings, as far as one question reaches. */
export interface Meetings {
  readonly within: Within;
  find(question: string, most: number, speakers?: readonly string[]): Promise<readonly Ranked<LineRow>[]>;
  /** In the order of each meeting. */
  lines(most: number, sessions?: readonly string[]): Promise<readonly LineRow[]>;
  speakers(): Promise<readonly string[]>;
  /** The newest first. */
  facts(most: number): Promise<readonly MeetingFacts[]>;
  /** Whether somebody said something at a place, as far as it is known now. */
  has(place: Place): Promise<boolean>;
}

/** @returns what the asker sees of what is wanted; a token sees its own session, and of that the tracks that it names. */
export function withinOf(
  principal: Principal,
  { meetings, speakers, from, to }: LookedIn,
): Result<Within, "forbidden"> {
  const own = principal.kind === "token" ? [principal.sessionId] : undefined;
  if (own && meetings?.some((id) => !own.includes(id))) return err("forbidden");
  return ok({
    sessions: meetings ?? own,
    tracks: tracksOf(principal),
    speakers,
    from: from === undefined ? undefined : Date.parse(from),
    to: to === undefined ? undefined : Date.parse(to),
  });
}

/** @returns the meetings, read as they stand now; or the first that is named and is not there. */
export async function openMeetings(
  { MEETING_INDEX }: Pick<Env, "MEETING_INDEX">,
  tenant: string,
  within: Within,
): Promise<Result<Meetings, Missing>> {
  const index = MEETING_INDEX.getByName(tenant);
  const [missing] = within.sessions === undefined ? [] : await index.refresh(within.sessions);
  if (missing) return err(missing);
  return ok({
    within,
    find: async (question, most, speakers = within.speakers) => index.find(question, { ...within, speakers }, most),
    lines: async (most, sessions = within.sessions) => index.lines({ ...within, sessions }, most),
    speakers: async () => index.speakers(within),
    facts: async (most) => index.facts(within, most),
    has: async ({ session_id, track, start_ms, end_ms }) => index.has({ session_id, track, start_ms, end_ms }),
  });
}
