/** Sentences of office talk from a small grammar: enough words that two meetings don't share a text. */
import type { Random } from "../../../client/testkit/fault-plan.ts";

interface Grammar {
  readonly openings: readonly string[];
  readonly subjects: readonly string[];
  readonly verbs: readonly string[];
  readonly objects: readonly string[];
  readonly tails: readonly string[];
}

export const trainingGrammar: Grammar = {
  openings: ["Well,", "So,", "Honestly,", "As I said,", "Right,", "For now,", "", "", "", ""],
  subjects: ["we", "the customers", "my colleagues", "both teams", "they", "the auditors", "you and I", "people"],
  verbs: ["measured", "rewrote", "forgot", "moved", "explained", "discussed", "sold", "could not find", "finished"],
  objects: [
    "the yellow report",
    "every invoice of July",
    "a faster index",
    "the broken camera",
    "our oldest contract",
    "three boxes of paper",
    "the voice recorder",
    "a quiet meeting room",
    "the shipping address",
    "enough chairs",
  ],
  tails: [
    "before lunch.",
    "without asking anyone.",
    "and nobody complained.",
    "because the price went up again.",
    "when the power came back.",
    "at half past four.",
    "in the smaller building.",
    "so we can begin today.",
    "although it was raining.",
    "twice in one week.",
  ],
};

export const evaluationGrammar: Grammar = {
  openings: ["Okay,", "Yes,", "To be fair,", "Thank you,", "Hmm,", "In short,", "", "", "", ""],
  subjects: ["I", "the new engineers", "somebody", "our partners", "she", "the whole group", "the vendor", "he"],
  verbs: ["checked", "deleted", "will replace", "mentioned", "should test", "has shipped", "closed", "would keep"],
  objects: [
    "the backup plan",
    "that ugly dashboard",
    "eleven old servers",
    "a hiring budget",
    "the weekly review",
    "two features of the app",
    "my first proposal",
    "the office kitchen",
    "a list of open questions",
    "the login page",
  ],
  tails: [
    "on Thursday afternoon.",
    "if the board agrees.",
    "which surprised everybody.",
    "after the holidays.",
    "with very little help.",
    "to save some money.",
    "and that is good news.",
    "until the deadline has passed.",
    "for a number of reasons.",
    "just like last year.",
  ],
};

/** For voices that read no Latin letters: "the meeting starts now, welcome all" and the like. */
const teluguSentences = [
  "నమస్కారం మీరు ఎలా ఉన్నారు ఈ రోజు మనం సమావేశం ప్రారంభిస్తాము",
  "నేను నిన్న ఆ పని పూర్తి చేశాను ఇప్పుడు కొత్త పని మొదలు పెడతాను",
  "మా ఇంటి దగ్గర ఒక పెద్ద చెట్టు ఉంది దాని కింద పిల్లలు ఆడుకుంటారు",
  "రేపు ఉదయం వర్షం పడుతుంది కాబట్టి మీరు త్వరగా రావాలి",
  "ఈ పుస్తకం చాలా బాగుంది మీరు కూడా చదవండి",
  "అందరికీ ధన్యవాదాలు మళ్ళీ వచ్చే వారం కలుద్దాం",
];

export function pick<T>(from: readonly T[], random: Random): T {
  const item = from[Math.floor(random() * from.length)];
  if (item === undefined) throw new Error("nothing to pick from");
  return item;
}

export function makeSentence(grammar: Grammar, random: Random): string {
  const { openings, subjects, verbs, objects, tails } = grammar;
  const words = [openings, subjects, verbs, objects, tails].map((choices) => pick(choices, random));
  const text = words.filter((word) => word !== "").join(" ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function pickTelugu(random: Random): string {
  return pick(teluguSentences, random);
}
