/** What the questions of a session ask of its object: its room, as far as there is one. */
import type { Lost } from "../../../schemas/http/rebuild.ts";
import type { ListedFacts } from "../recovery/restore-room.ts";
import type { Room } from "./room.ts";

export interface Rooms {
  /** Undefined for a session never opened. */
  readonly existing: () => Room | undefined;
  /** Whether the tenant may have one session more open (SPEC L4). */
  readonly mayOpen: () => Promise<boolean>;
  /** Makes a room of what R2 has. @returns what is lost; undefined where R2 has nothing, or the room is there. */
  readonly rebuild: (listed: ListedFacts | undefined) => Promise<readonly Lost[] | "unread" | undefined>;
  /** Opens the session if need be. @param setUp is called for one that is new, before anybody hears of it. */
  readonly open: (setUp?: (room: Room) => void) => Room;
}
