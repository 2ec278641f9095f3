/** A button that opens a list of actions: arrow keys walk it, Escape and a click elsewhere close it. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren, JSX, TargetedKeyboardEvent } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";

interface MenuProps {
  readonly icon: ComponentChildren;
  readonly label: string;
  readonly children: ComponentChildren;
}

export function Menu({ icon, label, children }: MenuProps): JSX.Element {
  const isOpen = useSignal(false);
  const place = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const close = (): void => {
    isOpen.value = false;
    button.current?.focus();
  };
  useEffect(() => {
    if (!isOpen.value) return undefined;
    itemsIn(place.current)[0]?.focus();
    const away = (event: Event): void => {
      if (event.target instanceof Node && !place.current?.contains(event.target)) isOpen.value = false;
    };
    document.addEventListener("pointerdown", away);
    return () => document.removeEventListener("pointerdown", away);
  }, [isOpen.value]);
  return (
    <div class="menu" ref={place}>
      <button
        ref={button}
        type="button"
        class="icon-button"
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={isOpen.value}
        aria-controls={id}
        onClick={() => (isOpen.value = !isOpen.value)}
      >
        {icon}
      </button>
      {isOpen.value && (
        // oxlint-disable-next-line jsx-a11y/click-events-have-key-events -- a chosen item is a button, whose keys click.
        <div
          id={id}
          class="menu-list"
          role="menu"
          aria-label={label}
          tabIndex={-1}
          onKeyDown={(event) => walk(event, close)}
          onClick={close}
        >
          {children}
        </div>
      )}
    </div>
  );
}

export function MenuItem({
  onChoose,
  children,
}: {
  readonly onChoose: () => void;
  readonly children: ComponentChildren;
}): JSX.Element {
  return (
    <button type="button" class="menu-item" role="menuitem" tabIndex={-1} onClick={onChoose}>
      {children}
    </button>
  );
}

function itemsIn(place: Element | null): readonly HTMLElement[] {
  return [...(place?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
}

function walk(event: TargetedKeyboardEvent<HTMLElement>, close: () => void): void {
  const items = itemsIn(event.currentTarget);
  const at = items.findIndex((item) => item === document.activeElement);
  const next: Readonly<Record<string, number>> = {
    ArrowDown: (at + 1) % items.length,
    ArrowUp: (at - 1 + items.length) % items.length,
    Home: 0,
    End: items.length - 1,
  };
  if (event.key === "Escape" || event.key === "Tab") return close();
  const index = next[event.key];
  if (index === undefined) return;
  event.preventDefault();
  items[index]?.focus();
}
