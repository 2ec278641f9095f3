import type { JSX } from "preact";

export type Fact = readonly [name: string, value: string];

/** Names and values, one below the other. @param isLive whether a screen reader tells what changes. */
export function Facts({
  facts,
  isLive = false,
}: {
  readonly facts: readonly Fact[];
  readonly isLive?: boolean;
}): JSX.Element {
  return (
    <dl class="facts" {...(isLive && { "aria-live": "polite" })}>
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd class="breaks">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
