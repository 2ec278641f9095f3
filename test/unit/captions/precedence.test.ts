/** What is heard first where one processor hears all of it. */
import { setImmediate as turn } from "node:timers/promises";
import { expect, test, vi } from "vitest";
import { Precedence } from "../../../server/app/hearing/precedence.ts";

/** Work that ends when the test says so, or when nobody wants it any more, as a model's does. */
class Works {
  readonly begun: string[] = [];
  readonly #ends = new Map<string, () => void>();

  readonly work =
    (name: string) =>
    async (signal?: AbortSignal): Promise<string> => {
      this.begun.push(name);
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#ends.set(name, resolve);
      signal?.addEventListener("abort", () => resolve());
      await promise;
      return name;
    };

  async end(name: string): Promise<void> {
    this.#ends.get(name)?.();
    await turn();
  }
}

/** What was aborted is nothing. */
const neverDone = (): boolean => false;

test("[Q9] what is said for good is heard first: what is under way gives way, and nothing else begins meanwhile", async () => {
  const { precedence, works } = { precedence: new Precedence(() => true), works: new Works() };
  const partial = precedence.yielding(works.work("partial"), neverDone);
  const final = precedence.first(works.work("final"));
  expect(await partial.over).toBeUndefined();
  expect(await precedence.yielding(works.work("another"), neverDone).over).toBeUndefined();
  await works.end("final");
  expect(await final).toBe("final");
  const later = precedence.yielding(works.work("later"), neverDone);
  await works.end("later");
  expect(await later.over).toBe("later");
  expect(works.begun).toEqual(["partial", "final", "later"]);
});

test("[Q9] what turned out to be said for good gives way no more", async () => {
  const { precedence, works } = { precedence: new Precedence(() => true), works: new Works() };
  const partial = precedence.yielding(works.work("partial"), neverDone);
  partial.promote();
  const final = precedence.first(works.work("final"));
  await works.end("partial");
  expect(await partial.over).toBe("partial");
  await works.end("final");
  await final;
});

test("[Q9] what is heard a second time waits, is begun anew, and at last goes first as well", async () => {
  const { precedence, works } = { precedence: new Precedence(() => true), works: new Works() };
  const first = precedence.first(works.work("final 0"));
  const again = precedence.patient(works.work("again"), 2, neverDone);
  await turn();
  expect(works.begun).toEqual(["final 0"]);
  await works.end("final 0");
  await first;
  for (const n of [1, 2]) {
    const final = precedence.first(works.work(`final ${n}`));
    await turn();
    await works.end(`final ${n}`);
    await final;
  }
  const last = precedence.first(works.work("final 3"));
  await turn();
  await works.end("again");
  expect(await again).toBe("again");
  await works.end("final 3");
  await last;
  expect(works.begun).toEqual(["final 0", "again", "final 1", "again", "final 2", "again", "final 3"]);
});

test("[Q9] what came to its end all the same is not begun anew: a model elsewhere is paid for", async () => {
  const { precedence, works } = { precedence: new Precedence(() => true), works: new Works() };
  const again = precedence.patient(
    (_signal) => works.work("again")(),
    3,
    (came) => came === "again",
  );
  await turn();
  const partial = precedence.yielding(
    (_signal) => works.work("partial")(),
    () => true,
  );
  const final = precedence.first(works.work("final"));
  await works.end("again");
  await works.end("partial");
  expect([await again, await partial.over]).toEqual(["again", "partial"]);
  await works.end("final");
  await final;
  expect(works.begun).toEqual(["again", "partial", "final"]);
});

test("[Q9] models with processors of their own hear all of it at once", async () => {
  const { precedence, works } = { precedence: new Precedence(() => false), works: new Works() };
  const partial = precedence.yielding(works.work("partial"), neverDone);
  const final = precedence.first(works.work("final"));
  const again = precedence.patient(works.work("again"), 2, neverDone);
  await turn();
  expect(works.begun).toEqual(["partial", "final", "again"]);
  for (const name of works.begun) await works.end(name);
  expect(await Promise.all([partial.over, final, again])).toEqual(["partial", "final", "again"]);
});

test("[Q9] where finals follow each other without an end, what gives way waits for half a minute, and goes first as well", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const { precedence, works } = { precedence: new Precedence(() => true), works: new Works() };
    let last = precedence.first(works.work("final 0"));
    const again = precedence.patient(works.work("again"), 3, neverDone);
    // Each final begins before the one before it is over: the processor is never idle.
    for (let n = 1; n < 30; n += 1) {
      const next = precedence.first(works.work(`final ${n}`));
      await vi.advanceTimersByTimeAsync(1_000);
      await works.end(`final ${n - 1}`);
      await last;
      last = next;
    }
    expect(works.begun).not.toContain("again");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(works.begun.at(-1)).toBe("again");
    // It is aborted by nobody any more.
    const one = precedence.first(works.work("final 30"));
    await works.end("again");
    expect(await again).toBe("again");
    await works.end("final 29");
    await works.end("final 30");
    await Promise.all([last, one]);
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test("[Q9] what gave way near the end of its patience is not begun a third time before it goes first", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const { precedence, works } = { precedence: new Precedence(() => true), works: new Works() };
    const again = precedence.patient(works.work("again"), 3, neverDone);
    await vi.advanceTimersByTimeAsync(29_000);
    const final = precedence.first(works.work("final"));
    await vi.advanceTimersByTimeAsync(999);
    expect(works.begun).toEqual(["again", "final"]);
    await vi.advanceTimersByTimeAsync(1);
    expect(works.begun).toEqual(["again", "final", "again"]);
    await works.end("again");
    expect(await again).toBe("again");
    await works.end("final");
    await final;
  } finally {
    vi.useRealTimers();
  }
});
