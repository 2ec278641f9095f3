/** Light or dark: the system's choice, until the person makes one. It is the only thing that outlives the tab. */
import { computed, effect, signal } from "@preact/signals";

type Theme = "light" | "dark";
const storeName = "roomtone.theme";
const dark = globalThis.matchMedia("(prefers-color-scheme: dark)");
const ofSystem = signal<Theme>(dark.matches ? "dark" : "light");
const chosen = signal<Theme | undefined>(readChosen());
dark.addEventListener("change", () => {
  ofSystem.value = dark.matches ? "dark" : "light";
});

export const theme = computed<Theme>(() => chosen.value ?? ofSystem.value);

export function toggleTheme(): void {
  const other: Theme = theme.value === "dark" ? "light" : "dark";
  // Back at what the system says: follow it again.
  chosen.value = other === ofSystem.value ? undefined : other;
  store(chosen.value);
}

/** Has the page follow the theme from now on. */
export function applyTheme(): void {
  effect(() => {
    document.documentElement.dataset["theme"] = theme.value;
  });
}

function readChosen(): Theme | undefined {
  try {
    const stored = localStorage.getItem(storeName);
    return stored === "light" || stored === "dark" ? stored : undefined;
  } catch {
    // A page that may keep nothing follows the system.
    return undefined;
  }
}

function store(value: Theme | undefined): void {
  try {
    if (value === undefined) localStorage.removeItem(storeName);
    else localStorage.setItem(storeName, value);
  } catch {
    // It holds for this tab, then.
  }
}
