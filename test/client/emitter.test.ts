import { expect, test } from "vitest";
import { Emitter } from "../../client/capture/emitter.ts";

interface Events {
  tick: { readonly at: number };
  stop: string;
}
class Clock extends Emitter<Events> {
  tick(at: number): void {
    this.emit("tick", { at });
  }
}

test("calls the listeners of a type in order, until they are taken away", () => {
  const clock = new Clock();
  const heard: string[] = [];
  const off = clock.on("tick", ({ at }) => heard.push(`a${at}`));
  clock.on("tick", ({ at }) => heard.push(`b${at}`));
  clock.on("stop", (reason) => heard.push(reason));
  clock.tick(1);
  off();
  off();
  clock.tick(2);
  expect(heard).toEqual(["a1", "b1", "b2"]);
});

test("one function listening twice is two listeners", () => {
  const clock = new Clock();
  let heard = 0;
  const listener = (): number => (heard += 1);
  const off = clock.on("tick", listener);
  clock.on("tick", listener);
  clock.tick(1);
  off();
  clock.tick(2);
  expect(heard).toBe(3);
});

test("who begins to listen in the middle of an event hears the next", () => {
  const clock = new Clock();
  const heard: number[] = [];
  clock.on("tick", () => clock.on("tick", ({ at }) => heard.push(at)));
  clock.tick(1);
  expect(heard).toEqual([]);
});

test("a listener that throws stops nobody, and is reported as uncaught", async () => {
  const clock = new Clock();
  const mishap = new Error("listener");
  let heard = 0;
  clock.on("tick", () => {
    throw mishap;
  });
  clock.on("tick", () => (heard += 1));
  // Vitest's own handler would take the error for the test's.
  const others = process.rawListeners("uncaughtException") as NodeJS.UncaughtExceptionListener[];
  process.removeAllListeners("uncaughtException");
  const reported = new Promise((resolve) => process.once("uncaughtException", resolve));
  try {
    clock.tick(1);
    expect(heard).toBe(1);
    expect(await reported).toBe(mishap);
  } finally {
    for (const other of others) process.on("uncaughtException", other);
  }
});
