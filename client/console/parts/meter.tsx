/** How loud it is, as a bar. Moves by transform alone. */
import type { ReadonlySignal } from "@preact/signals";
import type { JSX } from "preact";

interface Props {
  readonly level: ReadonlySignal<number>;
  readonly isClipping: ReadonlySignal<boolean>;
  readonly label: string;
}

export function Meter({ level, isClipping, label }: Props): JSX.Element {
  return (
    <div
      class={isClipping.value ? "meter is-clipping" : "meter"}
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(level.value * 100)}
    >
      <div class="meter-fill" style={{ transform: `scaleX(${level.value})` }} />
    </div>
  );
}
