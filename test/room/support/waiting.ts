/** Waiting that ends: each helper gives up with a message that says what never came. Real time, not `clock`. */

const defaultWaitMs = 10_000;

export async function within<T>(promise: Promise<T>, what: string, ms = defaultWaitMs): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`gave up after ${ms} ms waiting for ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asks again and again until the answer is true. */
export async function eventually(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  ms = defaultWaitMs,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`gave up after ${ms} ms waiting until ${what}`);
    await scheduler.wait(5);
  }
}
