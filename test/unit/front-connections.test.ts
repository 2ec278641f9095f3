/** Who gets a place of the front listener when there are none left. */
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { Connections } from "../../server/front/connections.ts";

test("strangers who hold their half get no place of a caller who was let in, and one another's once it is idle", () => {
  const connections = new Connections(4);
  const [known, first, second, third] = [new Socket(), new Socket(), new Socket(), new Socket()];
  expect(connections.admit(known)).toBe(true);
  connections.handleAccepted(known);
  for (const stranger of [first, second]) {
    expect(connections.admit(stranger)).toBe(true);
    connections.begin(stranger);
  }
  expect(connections.admit(third)).toBe(false);
  expect(known.destroyed).toBe(false);
  connections.end(first);
  expect(connections.admit(third)).toBe(true);
  expect([known.destroyed, first.destroyed, second.destroyed]).toEqual([false, true, false]);
});

test("where all places are taken, a caller who was let in and is idle makes room", () => {
  const connections = new Connections(4);
  const known = [new Socket(), new Socket(), new Socket(), new Socket()];
  for (const socket of known) {
    expect(connections.admit(socket)).toBe(true);
    connections.handleAccepted(socket);
  }
  expect(connections.admit(new Socket())).toBe(true);
  expect(known.map(({ destroyed }) => destroyed)).toEqual([true, false, false, false]);
});
