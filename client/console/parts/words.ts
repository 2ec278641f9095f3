/** Times, lengths and sizes as people say them. Pure. */

const dayMs = 86_400_000;
const maxNames = 4;

/** `1:02:03`, `4:05`. @param ms from 0. */
export function clockWords(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  const [h, m, s] = [Math.floor(seconds / 3_600), Math.floor(seconds / 60) % 60, seconds % 60];
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** `8 s`, `4 min`, `1 h 5 min`. */
export function lengthWords(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${rest} min`;
}

/** `just now`, `12 min ago`, `today, 14:03`, `yesterday, 9:00`, `3 Mar 2026, 9:00`. */
export function whenWords(at: number, now: number): string {
  const ago = now - at;
  if (ago < 60_000) return "just now";
  if (ago < 3_600_000) return `${Math.floor(ago / 60_000)} min ago`;
  const time = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" }).format(at);
  const days = Math.round((startOfDay(now) - startOfDay(at)) / dayMs);
  if (days === 0) return `today, ${time}`;
  if (days === 1) return `yesterday, ${time}`;
  return `${new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" }).format(at)}, ${time}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

function startOfDay(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** `100 %` only where it is all; `99.9 %` where a second of many hours is missing. */
export function shareWords(share: number): string {
  if (share >= 1) return "100 %";
  return `${(Math.floor(share * 1_000) / 10).toFixed(1)} %`;
}

/** `-$12,360.866`: an amount as it was told, digit by digit, to be read. */
export function dollarWords(shown: string): string {
  const [, sign = "", whole = "", rest = ""] = /^(-?)(\d+)(.*)$/.exec(shown) ?? [];
  return `${sign}$${whole.replace(/\B(?=(?:\d{3})+$)/g, ",")}${rest}`;
}

/** `922 MB`. */
export function sizeWords(bytes: number): string {
  const units = ["bytes", "kB", "MB", "GB"];
  let [value, unit] = [bytes, 0];
  while (value >= 1_000 && unit < units.length - 1) [value, unit] = [value / 1_000, unit + 1];
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ""}`;
}

/** `Ada, Bob and 3 more`. Each name is kept apart from its neighbours, whichever way it is written. */
export function namesWords(names: readonly string[]): string {
  const shown = names.slice(0, maxNames).map((name) => `\u2068${name}\u2069`);
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
}

/** `1 person`, `3 people`. */
export function countWords(count: number, one: string, many: string): string {
  return `${count.toLocaleString("en-US")} ${count === 1 ? one : many}`;
}
