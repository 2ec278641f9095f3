/** A table for a spreadsheet: whatever somebody called their meeting, it is text there. */
import { expect, test } from "vitest";
import { csvOf } from "../../../client/console/state/csv.ts";

test("[B12] cells with commas, quotes and line ends are quoted, and numbers stay numbers", () => {
  const rows = [
    ["a", 'say "hi"', "x,y", "two\nlines"],
    [1, -2.5, 0, 1e-9],
  ];
  expect(csvOf(rows)).toBe('a,"say ""hi""","x,y","two\nlines"\r\n1,-2.5,0,1e-9\r\n');
});

test.each(['=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＠x", "－1"])(
  "[B12] text that a spreadsheet would run is text: %j",
  (text) => {
    const cell = csvOf([[text]]).slice(0, -2);
    const bare = cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
    expect(bare).toBe(`'${text}`);
  },
);
