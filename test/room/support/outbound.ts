/**
 * What Workers fetch from the world, in the isolate that tests and rooms share: `fetch` itself, replaced once. Each service that a
 * test makes up answers for hosts of its own, whichever file of one process asked for it first.
 */
type Answer = (url: string, init: Init) => Promise<Response>;

export interface Init {
  readonly headers: Record<string, string>;
  readonly body: string;
  readonly signal: AbortSignal;
  readonly redirect?: string;
}

interface Service {
  readonly isAt: (hostname: string) => boolean;
  readonly answer: Answer;
}

const services: Service[] = [];

/** @param isAt whether a host is the service's. */
export function serve(isAt: (hostname: string) => boolean, answer: Answer): void {
  services.push({ isAt, answer });
}

async function fetchOfTests(input: unknown, init: unknown): Promise<Response> {
  const url = String(input);
  const { hostname } = new URL(url);
  const service = services.find(({ isAt }) => isAt(hostname));
  if (!service) throw new Error(`unexpected fetch of ${url}`);
  return service.answer(url, init as Init);
}

// Not a stub of vitest's, which is taken away with the first of several files in one process.
globalThis.fetch = fetchOfTests;

/** What `answer` gives, or the caller's own end. @param name of what the caller throws. */
export async function untilAborted(signal: AbortSignal, name: string, answer: Response | Promise<Response>) {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(new DOMException("aborted", name)));
  });
  return Promise.race([answer, aborted]);
}
