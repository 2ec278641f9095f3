/** What one caller's audio takes of what all have: places for bytes, parts of a form, a model that fails. */
import { expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import { audioOf, wavAudio } from "../../server/app/ai/audio.ts";
import { circuitOf, failuresToOpen } from "../../server/app/ai/circuits.ts";
import { readAudio } from "../../server/app/http/speech/read-audio.ts";
import { readPart } from "../../server/app/http/sync/bodies.ts";

const wav = wavAudio(new Uint8Array(32_000), 16_000).bytes;

function post(body: string | FormData | Uint8Array<ArrayBuffer>, contentType?: string): Request {
  const headers = contentType === undefined ? {} : { "content-type": contentType };
  return new Request("http://app.test/v1/stt", { method: "POST", body, headers });
}

function formOf(fields: number): FormData {
  const form = new FormData();
  form.set("file", new File([wav], "a.wav"));
  for (let n = 0; n < fields; n += 1) form.append("prompt", "x");
  return form;
}

test("[L17] one tenant's audio leaves room for another's, and its own place is free again", async () => {
  const large = new Uint8Array(limits.maxTranscriptionBodyBytes - 100);
  large.set(wav);
  const first = await readAudio(post(large, "audio/wav"), "greedy", ["file"]);
  if (!first.ok) throw new Error(first.error.detail);
  expect(await readAudio(post(wav, "audio/wav"), "greedy", ["file"])).toMatchObject({
    error: { code: "model_unavailable" },
  });
  const other = await readAudio(post(wav, "audio/wav"), "other", ["file"]);
  expect(other.ok).toBe(true);
  first.value.release();
  const again = await readAudio(post(wav, "audio/wav"), "greedy", ["file"]);
  expect(again.ok).toBe(true);
  for (const read of [other, again]) if (read.ok) read.value.release();
});

const partOf = async (body: BodyInit, tenant: string): Promise<string> => {
  const read = await readPart(new Request("http://app.test/", { method: "PUT", body }), tenant);
  return read.ok ? "ok" : read.error.code;
};
const part = (tenant: string): Promise<string> => partOf(new Uint8Array(limits.syncPartBytes), tenant);

test("[L17] parts of bodies that one tenant sends slowly leave room for another's", async () => {
  const open = new Set<ReadableStreamDefaultController>();
  /** All but the last byte of a part comes. */
  const slowly = (tenant: string): Promise<string> => {
    let own: ReadableStreamDefaultController | undefined;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        own = controller;
        open.add(controller);
        controller.enqueue(new Uint8Array(limits.syncPartBytes - 1));
      },
      cancel: () => void (own && open.delete(own)),
    });
    return partOf(body, tenant);
  };
  const greedy = Array.from({ length: 6 }, () => slowly("greedy"));
  await scheduler.wait(50);
  expect([await part("other"), await part("greedy")]).toEqual(["ok", "sync_unavailable"]);
  for (const controller of open) controller.close();
  expect(await Promise.all(greedy)).toEqual(["ok", "ok", "ok", ...Array.from({ length: 3 }, () => "sync_unavailable")]);
  expect(await part("greedy")).toBe("ok");
});

test("[L17] a form has a few parts: those of a million are not made", async () => {
  const read = await readAudio(post(formOf(63)), "t", ["file"]);
  if (!read.ok) throw new Error(read.error.detail);
  expect(read.value.fields.get("prompt")).toHaveLength(63);
  read.value.release();
  expect(await readAudio(post(formOf(64)), "t", ["file"])).toMatchObject({ error: { code: "bad_request" } });
  // However its boundary is written, and whatever looks like the beginning of one.
  const almost = `\r\n--${"b".repeat(40)}`.repeat(10_000);
  const body = `--${"b".repeat(70)}\r\ncontent-disposition: form-data; name="file"; filename="a"\r\n\r\n${almost}\r\n--${"b".repeat(70)}--`;
  const odd = await readAudio(post(body, `multipart/form-data; boundary="${"b".repeat(70)}"`), "t", ["file"]);
  expect(odd).toMatchObject({ error: { code: "unsupported_media" } });
});

test("[L17] a model that fails on what one tenant sends is asked by others", () => {
  const [own, others] = [circuitOf("greedy", "a/model"), circuitOf("other", "a/model")];
  for (let n = 0; n < failuresToOpen; n += 1) own.failed();
  expect([own.enter(), others.enter()]).toEqual([false, true]);
  expect(circuitOf("greedy", "a/model")).toBe(own);
});

test("[M3] a WAV is as long as its samples are, whatever it says of bytes a second", () => {
  const long = wavAudio(new Uint8Array((limits.maxTranscriptionSeconds + 1) * 2 * 8_000), 8_000).bytes;
  new DataView(long.buffer).setUint32(28, 4_000_000_000, true);
  expect(audioOf(long, "audio/wav")).toMatchObject({ error: { status: 413 } });
});
