/** The session's life as a part of the room: its row of the list, its end by itself, its deletion. */
import type { Core } from "../core/core.ts";
import type { Part } from "../core/part.ts";
import { viewEventTypes } from "../../../schemas/speech/speaker-view.ts";
import type { EventType } from "../../../schemas/speech/events.ts";
import { Lifecycle, type LifecycleDeps } from "./lifecycle.ts";

export interface LifecyclePart extends Part {
  readonly lifecycle: Lifecycle;
}

/** Events after which other people may be known. */
const naming: ReadonlySet<EventType> = new Set(viewEventTypes);

export function lifecyclePart(core: Core, deps: LifecycleDeps): LifecyclePart {
  const lifecycle = new Lifecycle(core, deps);
  return {
    name: "lifecycle",
    isEssential: true,
    lifecycle,
    jobs: lifecycle.work,
    on: {
      eventAppended: ({ type }) => {
        if (naming.has(type)) lifecycle.peopleChanged();
      },
      chunkStored: () => lifecycle.chunkStored(),
      statusChanged: () => lifecycle.statusChanged(),
      settingsChanged: () => lifecycle.settingsChanged(),
    },
    woke: () => lifecycle.woke(),
    quiet: () => lifecycle.idle(),
    afterDeletion: { jobs: ["delete"] },
  };
}
