import type { JSX } from "preact";
import type { SessionSummary } from "../../index.ts";

const words: Readonly<Record<SessionSummary["status"] | "deleted", string>> = {
  open: "Live",
  finalizing: "Finishing",
  finalized: "Done",
  deleting: "Being deleted",
  deleted: "Deleted",
};

export function StatusPill({ status }: { readonly status: keyof typeof words }): JSX.Element {
  return (
    <span class={`pill is-${status}`}>
      <span class="pill-dot" aria-hidden="true" />
      {words[status]}
    </span>
  );
}
