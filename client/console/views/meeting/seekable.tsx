/** A strip of time that can be clicked, with the place that is heard on it. By keyboard the player's slider does the same. */
import type { ComponentChildren, JSX, TargetedMouseEvent } from "preact";
import type { Player } from "../../state/player.ts";
import type { Axis } from "./axis.ts";

interface Props {
  readonly player: Player;
  readonly axis: Axis;
  readonly children: ComponentChildren;
}

export function Seekable({ player, axis, children }: Props): JSX.Element {
  const seek = (event: TargetedMouseEvent<HTMLElement>): void => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const share = (event.clientX - left) / Math.max(1, width);
    player.playFrom(axis.fromMs + share * (axis.toMs - axis.fromMs));
  };
  return (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/no-static-element-interactions -- the player's slider does the same by keyboard.
    <div class="seekable" onClick={seek}>
      {children}
      <Playhead player={player} axis={axis} />
    </div>
  );
}

export function Playhead({ player, axis }: Omit<Props, "children">): JSX.Element | null {
  const share = (player.nowMs.value - axis.fromMs) / Math.max(1, axis.toMs - axis.fromMs);
  if (player.nowMs.value === 0 && !player.isPlaying.value) return null;
  return <span class="playhead" aria-hidden="true" style={{ left: `${Math.min(1, Math.max(0, share)) * 100}%` }} />;
}
