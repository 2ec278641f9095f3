/** The inference service alone, asked over HTTP as anyone asks it. */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import * as z from "zod";
import { Failure } from "../../schemas/lib/failure.ts";
import { openInference } from "../local/inference-on-demand.ts";
import type { Hear } from "./eval-run.ts";

const answerSchema = z.object({ text: z.string(), duration: z.number() });

export async function openDirectHearing(): Promise<{ readonly hear: Hear; readonly close: () => Promise<void> }> {
  const inference = await openInference();
  return { hear: (path) => hearWith(inference.url, path), close: inference.stop };
}

/** @param baseUrl of what has OpenAI's shapes, without `/v1`. */
export async function hearWith(baseUrl: string, path: string): ReturnType<Hear> {
  const form = new FormData();
  form.set("file", new Blob([await readFile(path)], { type: "audio/wav" }), basename(path));
  form.set("response_format", "verbose_json");
  const began = performance.now();
  const response = await fetch(`${baseUrl}/v1/audio/transcriptions`, { method: "POST", body: form });
  if (!response.ok) throw new Failure(`${path} was not transcribed: ${response.status}, ${await response.text()}`);
  const { text, duration } = answerSchema.parse(await response.json());
  return { text, seconds: duration, workSeconds: (performance.now() - began) / 1_000 };
}
