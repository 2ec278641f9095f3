import { expect, test } from "vitest";
import { SerialQueue } from "../../../schemas/lib/serial-queue.ts";

test("[S1] tasks run one at a time, in the order given", async () => {
  const queue = new SerialQueue({ maxTasks: 8 });
  const order: string[] = [];
  const first = Promise.withResolvers<void>();
  const a = queue.run(async () => {
    order.push("a starts");
    await first.promise;
    order.push("a ends");
    return "a";
  });
  const b = queue.run(() => {
    order.push("b");
    return Promise.resolve("b");
  });
  await Promise.resolve();
  expect(order).toEqual(["a starts"]);
  first.resolve();
  expect(await Promise.all([a, b])).toEqual(["a", "b"]);
  expect(order).toEqual(["a starts", "a ends", "b"]);
});

test("[S1] a failed task tells its caller and does not stop the next", async () => {
  const queue = new SerialQueue({ maxTasks: 8 });
  const failed = queue.run(() => Promise.reject(new Error("broken")));
  const next = queue.run(() => Promise.resolve(1));
  await expect(failed).rejects.toThrow("broken");
  expect(await next).toBe(1);
});

test("[S1] a task that throws before its first await is a failed task", async () => {
  const queue = new SerialQueue({ maxTasks: 8 });
  const failed = queue.run(() => {
    throw new Error("at once");
  });
  await expect(failed).rejects.toThrow("at once");
  expect(queue.hasRoom).toBe(true);
});

test("[S1] the bound counts what runs and what waits, and frees as tasks end", async () => {
  const queue = new SerialQueue({ maxTasks: 2 });
  const held = Promise.withResolvers<void>();
  const first = queue.run(() => held.promise);
  expect(queue.hasRoom).toBe(true);
  const second = queue.run(() => Promise.resolve());
  expect(queue.hasRoom).toBe(false);
  held.resolve();
  await Promise.all([first, second]);
  await queue.idle();
  expect(queue.hasRoom).toBe(true);
});

test("[F1] idle waits for all that was queued, failures included", async () => {
  const queue = new SerialQueue({ maxTasks: 8 });
  await queue.idle();
  const done: number[] = [];
  const held = Promise.withResolvers<void>();
  const first = queue.run(() => held.promise.then(() => done.push(1)));
  const second = queue.run(() => Promise.reject(new Error("broken"))).catch(() => done.push(2));
  const idle = queue.idle().then(() => done.push(3));
  held.resolve();
  await Promise.all([first, second, idle]);
  expect(done.toSorted((a, b) => a - b)).toEqual([1, 2, 3]);
  expect(done[0]).toBe(1);
});

test("a failure is told once, before its caller gets it; in the background nobody else need listen", async () => {
  const heard: unknown[] = [];
  const queue = new SerialQueue({ onFailure: (cause) => heard.push(cause) });
  const broken = new Error("broken");
  await expect(queue.run(() => Promise.reject(broken))).rejects.toBe(broken);
  expect(heard).toEqual([broken]);
  queue.runInBackground(() => Promise.reject(broken));
  await queue.idle();
  expect(heard).toEqual([broken, broken]);
});
