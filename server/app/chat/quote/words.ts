/** How times, lengths and quotes are put. Pure. */

/** As a player shows it: `1:02:03`, `0:07`. */
export function clockOf(ms: number): string {
  const s = Math.floor(ms / 1_000);
  const [h, m] = [Math.floor(s / 3_600), Math.floor(s / 60) % 60];
  const seconds = String(s % 60).padStart(2, "0");
  return h > 0 ? `${h}:${String(m).padStart(2, "0")}:${seconds}` : `${m}:${seconds}`;
}

/** In words: `2 min 5 s`. */
export function lengthOf(ms: number): string {
  const s = Math.round(ms / 1_000);
  const [h, m] = [Math.floor(s / 3_600), Math.floor(s / 60) % 60];
  const parts = [h > 0 ? `${h} h` : "", m > 0 ? `${m} min` : "", s % 60 > 0 || s === 0 ? `${s % 60} s` : ""];
  return parts.filter((part) => part !== "").join(" ");
}

export function nameOf(speaker: string | null): string {
  return speaker ?? "Somebody";
}

/** The first day of a meeting, as `2026-11-29`. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
