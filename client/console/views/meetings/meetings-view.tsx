/** All meetings: found, filtered, opened, deleted; and where there is none yet, how to begin. */
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import type { ChatCitation, SessionSummary } from "../../../index.ts";
import { Icon } from "../../parts/icons.tsx";
import { clockWords, countWords } from "../../parts/words.ts";
import { Asking, chosenPlace } from "../../state/asking.ts";
import { hasDeclined, onlySession } from "../../state/access.ts";
import {
  type Filter,
  filter,
  isFiltered,
  listProblem,
  loadMore,
  mayLoadMore,
  meetings,
  search,
  watchMeetings,
} from "../../state/meetings.ts";
import { addressOf, goTo } from "../../state/route.ts";
import { unfinished } from "../../state/unfinished.ts";
import { AskPanel } from "../ask/ask-panel.tsx";
import { Beginnings } from "./beginnings.tsx";
import { DeleteDialog } from "./delete-dialog.tsx";
import { MeetingRow } from "./meeting-row.tsx";

const asking = new Asking();
const toDelete = signal<SessionSummary | undefined>(undefined);
const filters: readonly (readonly [Filter, string])[] = [
  ["all", "All"],
  ["live", "Live"],
  ["gaps", "With gaps"],
  ["archive", "Not stored"],
];

export function MeetingsView(): JSX.Element {
  const only = onlySession.value;
  useEffect(() => {
    // A session token opens one meeting, and no list.
    if (only === undefined) return watchMeetings();
    goTo(addressOf.meeting(only));
    return undefined;
  }, [only]);
  const all = meetings.value;
  return (
    <section class="page">
      <header class="page-head">
        <h1>Meetings</h1>
      </header>
      {unfinished.value.length > 0 && (
        <p class="banner">
          <span class="grows">A recording was cut off. What was recorded is safe in this browser.</span>
          <a class="button" href={addressOf.capture}>
            See it
          </a>
        </p>
      )}
      {listProblem.value !== undefined && (
        <p class="banner is-problem" role="status">
          <Icon name="warning" />
          <span>
            {listProblem.value} {all === undefined ? "" : "This list may be old. "}
            {!hasDeclined.value && "Trying again."}
          </span>
        </p>
      )}
      {all === undefined ? (
        listProblem.value === undefined && <Skeleton />
      ) : all.length === 0 && !isFiltered.value ? (
        <Beginnings />
      ) : (
        <List />
      )}
      {toDelete.value && <DeleteDialog meeting={toDelete.value} onClose={() => (toDelete.value = undefined)} />}
    </section>
  );
}

function List(): JSX.Element {
  const shown = meetings.value ?? [];
  return (
    <>
      <AskPanel
        asking={asking}
        label="Ask all meetings"
        whereOf={whereOf}
        onPlace={(place) => {
          chosenPlace.value = place;
          goTo(addressOf.meeting(place.session_id));
        }}
      />
      <div class="list-tools">
        <label class="search">
          <Icon name="search" />
          <span class="visually-hidden">Search meetings</span>
          <input
            class="input"
            type="search"
            placeholder="Search"
            value={search.value}
            onInput={(event) => (search.value = event.currentTarget.value)}
          />
        </label>
        <div class="segments" role="group" aria-label="Show">
          {filters.map(([value, label]) => (
            <button
              key={value}
              type="button"
              class="segment"
              aria-pressed={filter.value === value}
              onClick={() => (filter.value = value)}
            >
              {label}
            </button>
          ))}
        </div>
      </div>
      <p class="visually-hidden" role="status">
        {countWords(shown.length, "meeting", "meetings")}
      </p>
      {shown.length === 0 ? (
        <div class="empty-line row">
          <span>No meeting fits.</span>
          <button
            type="button"
            class="button"
            onClick={() => {
              search.value = "";
              filter.value = "all";
            }}
          >
            Show all
          </button>
        </div>
      ) : (
        <ul class="meeting-list">
          {shown.map((meeting) => (
            <MeetingRow key={meeting.session_id} meeting={meeting} onDelete={() => (toDelete.value = meeting)} />
          ))}
        </ul>
      )}
      {mayLoadMore.value && (
        <p class="row is-center">
          <button type="button" class="button" onClick={loadMore}>
            Older meetings
          </button>
        </p>
      )}
      <Beginnings isSmall />
    </>
  );
}

/** In which meeting, and when. */
function whereOf({ session_id: id, start_ms }: ChatCitation): string {
  const title = meetings.value?.find(({ session_id }) => session_id === id)?.title;
  return `${title ?? id}, ${clockWords(start_ms)}`;
}

function Skeleton(): JSX.Element {
  return (
    <div class="skeletons" role="status" aria-label="Loading the meetings">
      {[1, 2, 3].map((row) => (
        <div key={row} class="skeleton" />
      ))}
    </div>
  );
}
