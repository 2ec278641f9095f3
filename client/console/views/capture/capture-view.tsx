/** Recording: what to record, one large button, and while it runs how much is kept. */
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { recording } from "../../state/recording.ts";
import { lookForUnfinished } from "../../state/unfinished.ts";
import { Running } from "./running.tsx";
import { Setup } from "./setup.tsx";
import { UnfinishedList } from "./unfinished-list.tsx";

export function CaptureView(): JSX.Element {
  useEffect(() => void lookForUnfinished(), []);
  const current = recording.value;
  return (
    <section class="page is-narrow">
      <header class="page-head">
        <h1>{current ? current.title || "Recording" : "Record a meeting"}</h1>
      </header>
      {current ? (
        <Running current={current} />
      ) : (
        <>
          <UnfinishedList />
          <Setup />
        </>
      )}
    </section>
  );
}
