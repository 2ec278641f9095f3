import { Failure } from "../../schemas/lib/failure.ts";

/** Settles as `work` does, or rejects with `sentence` after `timeoutMs`. `work` itself is not stopped. */
export async function within<T>(timeoutMs: number, work: Promise<T>, sentence: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Failure(sentence)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
