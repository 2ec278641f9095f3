import { expect, test } from "vitest";
import { SingleFlight } from "../../../schemas/lib/single-flight.ts";

function held(): { flight: SingleFlight<number>; ends: PromiseWithResolvers<number>[] } {
  const ends: PromiseWithResolvers<number>[] = [];
  const flight = new SingleFlight(() => {
    const end = Promise.withResolvers<number>();
    ends.push(end);
    return end.promise;
  });
  return { flight, ends };
}

test("who asks while a run is under way joins it; after it a new one starts", async () => {
  const { flight, ends } = held();
  expect(flight.isRunning).toBe(false);
  const [first, joined] = [flight.run(), flight.run()];
  expect([ends.length, flight.isRunning]).toEqual([1, true]);
  ends[0]?.resolve(1);
  expect(await Promise.all([first, joined])).toEqual([1, 1]);
  expect(flight.isRunning).toBe(false);
  const second = flight.run();
  ends[1]?.resolve(2);
  expect(await second).toBe(2);
});

test("a run that fails fails all who joined it, and does not stand in the way of the next", async () => {
  const { flight, ends } = held();
  const both = Promise.allSettled([flight.run(), flight.run()]);
  ends[0]?.reject(new Error("broken"));
  expect((await both).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  const next = flight.run();
  ends[1]?.resolve(3);
  expect(await next).toBe(3);
});

test("idle waits for the run under way, and does not care how it ends", async () => {
  const { flight, ends } = held();
  await flight.idle();
  const run = flight.run();
  run.catch(() => undefined);
  const idle = flight.idle();
  ends[0]?.reject(new Error("broken"));
  await idle;
  expect(flight.isRunning).toBe(false);
});
