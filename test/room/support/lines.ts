/** What the Workers print, all of it: rooms run in the tests' own isolate. */
import { vi } from "vitest";
import * as z from "zod";

const lineSchema = z
  .object({ level: z.string(), event: z.string(), trace_id: z.string().optional(), session_id: z.string().optional() })
  .catchall(z.union([z.string(), z.number(), z.boolean()]));
export type Line = z.infer<typeof lineSchema>;

/** Hears the console from now on. @returns what was printed, and the lines among it. */
export function printed(): { readonly texts: () => string[]; readonly lines: (event: string) => Line[] } {
  const spies = (["log", "info", "warn", "error"] as const).map((name) =>
    vi.spyOn(console, name).mockImplementation(() => undefined),
  );
  const texts = (): string[] => spies.flatMap(({ mock }) => mock.calls.map((said) => said.map(String).join(" ")));
  return {
    texts,
    lines: (event) =>
      texts()
        .filter((text) => text.startsWith("{"))
        .map((text) => lineSchema.parse(JSON.parse(text)))
        .filter((line) => line.event === event),
  };
}
