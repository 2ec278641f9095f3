/** The cache of what was spoken: a tenant's own, of what came to its end, and no reason to fail. */
import { expect, test } from "vitest";
import { cachedSpeech, cacheLimits, keepingSpeech, speechKey } from "../../server/app/http/speech/spoken-cache.ts";

const kind = { contentType: "audio/wav", model: "embedded/flite" };
const identity = { models: ["a"], text: "Hi", voice: undefined, format: "wav", speed: 1 };
const put = (kept: string[], work: Promise<unknown>[]) => ({
  cache: { put: async (name: string) => void kept.push(name) } as unknown as KVNamespace,
  keepAlive: (one: Promise<unknown>) => void work.push(one),
});

test("[M16] a cache that is down is no answer, and no failure", async () => {
  const key = await speechKey({ tenant: "t", ...identity });
  const down = { getWithMetadata: () => Promise.reject(new Error("down")) } as unknown as KVNamespace;
  expect(await cachedSpeech(down, key)).toBeUndefined();
  const work: Promise<unknown>[] = [];
  const unwritable = { put: () => Promise.reject(new Error("down")) } as unknown as KVNamespace;
  const body = keepingSpeech(unwritable, key, new Blob(["abc"]).stream(), kind, (one) => void work.push(one));
  expect(await new Response(body).text()).toBe("abc");
  await Promise.all(work);
  expect(work).toHaveLength(1);
});

test("[M16] a cache that never answers is waited for no longer than it is worth", async () => {
  const key = await speechKey({ tenant: "t", ...identity });
  const silent = { getWithMetadata: () => new Promise(() => undefined) } as unknown as KVNamespace;
  expect(await cachedSpeech(silent, key)).toBeUndefined();
});

test("[M16] [T1] a key is its tenant's, and of all that the sound depends on", async () => {
  const names = await Promise.all(
    [{}, { tenant: "u" }, { text: "Ho" }, { voice: "slt" }, { format: "pcm" }, { speed: 2 }, { models: ["b"] }].map(
      async (other) => (await speechKey({ tenant: "t", ...identity, ...other })).name,
    ),
  );
  expect(new Set(names).size).toBe(names.length);
  expect(names.filter((name) => name.startsWith("tenant:t:"))).toHaveLength(names.length - 1);
});

test("[M16] what broke off is not kept, nor what is too large, and what is whole is", async () => {
  const key = await speechKey({ tenant: "t", ...identity });
  const kept: string[] = [];
  const work: Promise<unknown>[] = [];
  const { cache, keepAlive } = put(kept, work);
  const part = new Uint8Array(cacheLimits.maxBytes / 2);
  const parts = (count: number, breaks: boolean): ReadableStream<Uint8Array> => {
    let left = count;
    return new ReadableStream({
      pull: (out) => {
        left -= 1;
        if (left >= 0) out.enqueue(part.slice());
        else if (breaks) out.error(new Error("reset"));
        else out.close();
      },
    });
  };
  const broken = keepingSpeech(cache, key, parts(1, true), kind, keepAlive);
  await expect(new Response(broken).bytes()).rejects.toThrow("reset");
  expect((await new Response(keepingSpeech(cache, key, parts(3, false), kind, keepAlive)).bytes()).length).toBe(
    3 * part.length,
  );
  await Promise.all(work);
  expect(kept).toEqual([]);
  await new Response(keepingSpeech(cache, key, parts(1, false), kind, keepAlive)).bytes();
  await Promise.all(work);
  expect(kept).toEqual([key.name]);
});
