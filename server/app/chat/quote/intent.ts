/**
 * What kind of answer a question wants, for the model that quotes: found out by rules, in this order, and by nothing else, so that the
 * same question has the same answer. For English. Pure.
 */
import { askedStems } from "../../search/words.ts";

export type Intent =
  | { readonly kind: "summary" }
  | { readonly kind: "talk_time" }
  | { readonly kind: "people" }
  | { readonly kind: "marked"; readonly mark: Mark; readonly topic: boolean }
  | { readonly kind: "said_by"; readonly speaker: string | undefined; readonly named: string }
  | { readonly kind: "search" };

/** Lines that a rule finds by how they are put. */
export type Mark = "decisions" | "questions" | "actions";

const summary =
  /\b(summar\w*|overview|recap\w*|gist|tl;?dr|(main|key) (points?|topics?)|in (short|brief)|what (was|is|were) (the|this|these|that|our) (meetings?|calls?|conversations?|interviews?|discussions?) about|what happened|what was (discussed|talked about|said)(?=\W*$|\W+(here|there|today|in))|what did (we|they|everyone|everybody) (discuss|talk about|say)(?=\W*$|\W+(here|there|today|in)))/i;
const talkTime =
  /\b(how (long|much|many minutes|many seconds)\b.*\b(speak|spoke|spoken|speaking|talk|talked|talking)|(speaking|talk|talking|speech) time|who (spoke|talked|speaks|talks|said) (the )?(most|longest|least|more))\b/i;
const people =
  /\b(who (was|were|is|are) (there|here|present|in|at|on|part|speaking|taking part|talking)|who (attended|took part|participated|spoke|speaks|talked|joined)(?=\W*$|\W+(here|there|today|in|at))|participants|attendees|(which|what|all|list)( the)? (speakers|people)|how many (people|speakers|participants))\b/i;
const decisions = /\b(decisions?|decide[ds]?|conclusions?|conclude[ds]?|agreements?|agreed?)\b/i;
const openQuestions =
  /\b((open|unanswered|unresolved|outstanding|remaining) (questions?|issues?|points?|items?)|(questions?|issues?|points?) (\w+ )?(left |still |remained? )*(open|unanswered|unresolved)|(what|which) questions (were|are|was)( asked)?)\b/i;
const actions =
  /\b(action (items?|points?)|to-?dos?|to do(?=\W*$)|next steps?|follow-?ups?|tasks?|who (will|has to|should|is going to) do\b|assignments?)\b/i;
const words: Readonly<Record<Mark, string>> = {
  decisions:
    "decision decisions decide decides decided conclusion conclusions conclude concluded agreement agree agreed",
  questions:
    "open unanswered unresolved outstanding remaining question questions issue issues point points item items left asked",
  actions:
    "action actions item items point points todo todos next step steps follow followup followups task tasks assignment assignments",
};

/** What stands in any such question and is no matter of its own. */
const filler =
  "still yet list show give any left final important reached taken made far today week everybody everyone remain";

/** @param known names of those who spoke. */
export function intentOf(question: string, known: readonly string[]): Intent {
  if (talkTime.test(question)) return { kind: "talk_time" };
  if (summary.test(question)) return { kind: "summary" };
  if (people.test(question)) return { kind: "people" };
  if (openQuestions.test(question)) return marked("questions", question, known);
  if (actions.test(question)) return marked("actions", question, known);
  if (decisions.test(question) && /\b(what|which|list|any|all|show|tell|were|was)\b/i.test(question)) {
    return marked("decisions", question, known);
  }
  const named = /\b(?:did|does|has|had)\s+((?:\p{Lu}[\p{L}'-]*\s?)+)\b(?=\s*\p{Ll})/u.exec(question)?.[1]?.trim();
  if (named !== undefined && named !== "I") {
    const speaker = known.find((name) => isSame(name, named)) ?? known.find((name) => isPart(name, named));
    return { kind: "said_by", speaker, named };
  }
  return { kind: "search" };
}

function marked(mark: Mark, question: string, known: readonly string[]): Intent {
  const own = new Set(askedStems(`${words[mark]} ${filler}`, 100));
  const names = new Set(known.flatMap((name) => askedStems(name)));
  const topic = askedStems(question).some((stem) => !own.has(stem) && !names.has(stem));
  return { kind: "marked", mark, topic };
}

/** Whether somebody goes by this name, or a part of it. */
export function isPart(name: string, part: string): boolean {
  const parts = name.toLowerCase().split(/\s+/);
  return part
    .toLowerCase()
    .split(/\s+/)
    .every((one) => parts.includes(one));
}

function isSame(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
