/** Line icons, 20 px, drawn in the colour of the text around them. Always beside a text or a label: never read aloud. */
import type { JSX } from "preact";

const paths = {
  mic: "M10 12.5a3 3 0 0 0 3-3v-4a3 3 0 0 0-6 0v4a3 3 0 0 0 3 3ZM4.5 9.5a5.5 5.5 0 0 0 11 0M10 15v3",
  file: "M11.5 2.5H6a1.5 1.5 0 0 0-1.5 1.5v12A1.5 1.5 0 0 0 6 17.5h8a1.5 1.5 0 0 0 1.5-1.5V6.5l-4-4ZM11.5 2.5v4h4M10 9v5M7.5 11.5 10 9l2.5 2.5",
  play: "M6 4.5v11l9-5.5-9-5.5Z",
  pause: "M6.5 4.5v11M13.5 4.5v11",
  rewind: "M9.5 5 4 10l5.5 5V5ZM16 5l-5.5 5 5.5 5V5Z",
  forward: "M4 5l5.5 5L4 15V5ZM10.5 5 16 10l-5.5 5V5Z",
  search: "M9 15a6 6 0 1 0 0-12 6 6 0 0 0 0 12ZM13.5 13.5 17 17",
  trash: "M3.5 5.5h13M8 5.5V3h4v2.5M5 5.5l.8 11.5h8.400L15 5.5M8.300 8.5v5.5M11.700 8.5v5.5",
  sun: "M10 13.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7ZM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.300 4.300l1.100 1.100M14.600 14.600l1.100 1.100M4.300 15.700l1.100-1.100M14.600 5.400l1.100-1.100",
  moon: "M16.5 11.800A7 7 0 0 1 8.200 3.5a7 7 0 1 0 8.300 8.300Z",
  gear: "M3 6h8M15 6h2M3 14h2M9 14h8M13 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM7 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4Z",
  close: "M5 5l10 10M15 5 5 15",
  back: "M12 4.5 6.5 10l5.5 5.5",
  check: "M4 10.5 8 14.5 16 6",
  warning: "M10 3 2.5 16.5h15L10 3ZM10 8v4M10 14.200v.3",
  person: "M10 10a3.200 3.200 0 1 0 0-6.400A3.200 3.200 0 0 0 10 10ZM3.5 17c.8-3 3.400-4.5 6.5-4.5s5.700 1.5 6.5 4.5",
  screen: "M2.5 4h15v9.5h-15zM7 17h6M10 13.5V17",
  stop: "M5.5 5.5h9v9h-9z",
  link: "M8.5 11.5a3 3 0 0 0 4.300.2l2.800-2.800a3 3 0 0 0-4.200-4.200l-1 1M11.5 8.5a3 3 0 0 0-4.300-.2l-2.800 2.800a3 3 0 0 0 4.200 4.200l1-1",
  download: "M10 3v9.5M6 9l4 4 4-4M3.5 16.5h13",
  more: "M4.5 10h.1M10 10h.1M15.5 10h.1",
  history: "M3.5 10a6.5 6.5 0 1 0 2-4.700M3.5 3v3h3M10 6.5V10l2.5 1.5",
  listen: "M3.5 8v4h2.800L10.5 15.5v-11L6.300 8H3.5ZM13 7.5a3.5 3.5 0 0 1 0 5M15 5.200a6.700 6.700 0 0 1 0 9.600",
  list: "M7 5h10M7 10h10M7 15h10M3 5h.1M3 10h.1M3 15h.1",
  speech: "M3.5 4h13v9H9.5L6 16v-3H3.5z",
  pages: "M5 2.5h6.5l3.5 3.5v11.5H5zM11.5 2.5v4H15M7.5 10.5h5M7.5 13.5h5",
  bars: "M4 16.5v-5M10 16.5v-12M16 16.5v-8",
  copy: "M7 7h9v9.5H7zM4 13V3.5h9",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name, size = 20 }: { readonly name: IconName; readonly size?: number }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 20 20" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={paths[name]} />
    </svg>
  );
}

export function Mark(): JSX.Element {
  return (
    <svg class="mark" viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="9" />
      <path d="M8 14v4M13 9.5v13M18 12v8M23 14.5v3" />
    </svg>
  );
}
