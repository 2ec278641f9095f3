/** What a model that follows instructions is told of its part, of its greeting and its questions. Pure. */
import type { TalkSetup } from "./live-model.ts";

export function instructionsOf({ instructions, greeting, script }: TalkSetup): string {
  const parts = [instructions];
  if (greeting !== undefined) parts.push(`Begin by saying: ${greeting}`);
  if (script) {
    const questions = script.map((question, index) => `${index + 1}. ${question}`).join("\n");
    parts.push(
      `Ask these questions, one after the other, each once the person has answered the one before:\n${questions}`,
      "When all are answered, thank the person and say goodbye.",
    );
  }
  return parts.join("\n\n");
}
