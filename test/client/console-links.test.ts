/** What a link to the console may bring: a token for the one meeting that it shows, and nothing that acts in somebody's name. */
import jsonwebtoken from "jsonwebtoken";
import { expect, test } from "vitest";
import { isOfLink } from "../../client/console/state/access.ts";

const sign = (claims: object): string => jsonwebtoken.sign(claims, "whatever", { expiresIn: "5m" });

test.each([
  ["to observe it", { session_id: "board-7", role: "observe" }, true],
  ["to correct it", { session_id: "board-7", role: "edit" }, true],
  ["spelt otherwise", { interviewId: "board-7", role: "observe" }, true],
  ["of another meeting", { session_id: "board-8", role: "observe" }, false],
  ["of no meeting", { role: "observe" }, false],
  ["to capture: it would send a stranger the microphone", { session_id: "board-7", role: "capture" }, false],
])("[P18] a link takes a token %s: %j %s", (_, claims, isTaken) => {
  expect(isOfLink(sign(claims), "board-7")).toBe(isTaken);
});

test.each([`rt_abcdefghijkl_${"a".repeat(43)}`, "a.b.c", "", "not a token at all"])(
  "[P18] a link never brings %j",
  (text) => {
    expect(isOfLink(text, "board-7")).toBe(false);
  },
);
