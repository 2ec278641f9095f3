/** Rules that find lines by how they are put, as against what they are about. Each answer by one says so. Pure. */
import { isQuestion } from "../../search/rank-lines.ts";
import type { Mark } from "./intent.ts";

interface Line {
  readonly session_id: string;
  readonly place: number;
  readonly speaker: string | null;
  readonly text: string;
}

const decided =
  /\b(we(?:'ve| have)?( all| both| just)? (decided?|agreed?)|(it is|it's|that is|that's|is|are|was|were) (decided|agreed|settled|approved|final)|let'?s go with|we(?:'ll| will| are going to|'re going to) (go with|use|take|keep|drop|ship|launch|move|start|stop|cancel|postpone|hire|buy|choose|stick)|decision is|(is|are) (off the table|cancell?ed|postponed)|approved|settled on|final decision|i (?:have )?decided)\b/i;
const undecided =
  /\b(not|n't|never|haven't|hasn't|didn't|yet to|undecided|whether)\b[^.?!]{0,30}\b(decided?|agreed?|settled|approved)/i;
const promised =
  /\b(i(?:'ll| will| am going to|'m going to| can (?:do|take|send|write|prepare|look))|we(?:'ll| will) (?:need to|send|prepare|write|be in touch|follow up|check|review|schedule|set up)|(?:could|can|would|will) you (?:please )?(?:send|prepare|write|check|review|update|look|schedule|set up|take|make|call|ask|share)|please (?:send|prepare|write|check|review|update|schedule|share|make|call)|(?:\p{Lu}\p{Ll}+) (?:will|should|has to|needs to) |action item|to-?do|by (?:monday|tuesday|wednesday|thursday|friday|tomorrow|next week|the end of|end of))/iu;

/** What each rule looks for, in words for whoever reads the answer. */
export const ruleWords: Readonly<Record<Mark, string>> = {
  decisions: "lines that say that something is decided or agreed",
  questions: "questions that nobody else went on to answer with a statement",
  actions: "lines in which somebody takes on, is asked for, or sets a date for something",
};

/** @param lines of whole meetings, in order. @returns those that the rule finds. */
export function markedLines<L extends Line>(mark: Mark, lines: readonly L[]): L[] {
  if (mark === "questions")
    return lines.filter((line, i) => isQuestion(line.text) && !isAnswered(line, lines.slice(i + 1, i + 4)));
  const rule = mark === "decisions" ? decided : promised;
  return lines.filter(
    ({ text }) => rule.test(text) && !isQuestionOf(mark, text) && !(mark === "decisions" && undecided.test(text)),
  );
}

/** A request is put as a question. */
function isQuestionOf(mark: Mark, text: string): boolean {
  return mark !== "actions" && isQuestion(text);
}

const evasive =
  /\b(don'?t know|do not know|not sure|no idea|find out|come back to|park|later|good question|unclear|to be seen)\b/i;

/** Answered is what another one replies to with a statement that says something. */
function isAnswered(question: Line, next: readonly Line[]): boolean {
  const reply = next.find(
    ({ session_id, speaker }) =>
      session_id === question.session_id && (speaker === null || speaker !== question.speaker),
  );
  if (!reply) return false;
  return !isQuestion(reply.text) && !evasive.test(reply.text) && reply.text.split(/\s+/).length >= 2;
}
