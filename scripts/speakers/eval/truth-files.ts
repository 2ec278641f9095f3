/** The truth of a recording as NIST's formats have it: RTTM says who speaks when, UEM what is scored. Pure. */
import * as z from "zod";
import { Failure } from "../../../schemas/lib/failure.ts";
import type { Scored } from "./der.ts";
import type { Turn } from "./turns.ts";

const secondsSchema = z.coerce.number().min(0);

/** SPEAKER file channel start duration orthography type speaker … */
export function readRttm(text: string, file: string): Turn[] {
  return rowsOf(text).flatMap((fields) => {
    if (fields[0] !== "SPEAKER") return [];
    const [start, duration, speaker] = [secondsOf(fields[3], file), secondsOf(fields[4], file), fields[7]];
    if (speaker === undefined)
      throw new Failure(`${file}: a SPEAKER line names nobody; expected eight fields or more.`);
    return [{ speaker, start_ms: Math.round(start * 1_000), end_ms: Math.round((start + duration) * 1_000) }];
  });
}

/** file channel start end */
export function readUem(text: string, file: string): Scored[] {
  return rowsOf(text).map((fields) => ({
    start_ms: Math.round(secondsOf(fields[2], file) * 1_000),
    end_ms: Math.round(secondsOf(fields[3], file) * 1_000),
  }));
}

function rowsOf(text: string): string[][] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith(";"))
    .map((line) => line.split(/\s+/));
}

function secondsOf(field: string | undefined, file: string): number {
  const parsed = secondsSchema.safeParse(field);
  if (parsed.success && field !== undefined) return parsed.data;
  throw new Failure(`${file}: "${field ?? ""}" is no time in seconds.`);
}
