/** Keys of the player, wherever on the page they are pressed, but for where they mean something else. */
import { useEffect } from "preact/hooks";
import type { Player } from "../../state/player.ts";

const shortMs = 5_000;
const longMs = 10_000;

const actions: Readonly<Record<string, (player: Player) => void>> = {
  " ": (player) => player.toggle(),
  k: (player) => player.toggle(),
  j: (player) => player.skip(-longMs),
  l: (player) => player.skip(longMs),
  ArrowLeft: (player) => player.skip(-shortMs),
  ArrowRight: (player) => player.skip(shortMs),
};
/** Elements that take keys themselves. */
const ownKeys = "input, select, textarea, button, a, summary, dialog, [contenteditable], [role=menu]";

export function usePlayerKeys(player: Player): void {
  useEffect(() => {
    const press = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest(ownKeys)) return;
      if (document.querySelector("dialog[open]")) return;
      const act = actions[event.key];
      if (!act) return;
      event.preventDefault();
      act(player);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [player]);
}
