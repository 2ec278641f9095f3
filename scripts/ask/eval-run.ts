/** Asks a gateway of its own the questions on meetings with known answers, and counts what was right. */
import { GatewayProcess } from "../local/gateway-process.ts";
import { type AskedMeeting, askedMeetings } from "./questions.ts";

export interface Judged {
  readonly meeting: string;
  readonly question: string;
  readonly isHeldOut: boolean;
  /** Whether a line of the meeting answers it. */
  readonly isFindable: boolean;
  readonly isRight: boolean;
  readonly answer: string;
}

const lineMs = 4_000;

/** @param model one of those that the gateway offers; its own without it. */
export async function evalAsk(model: string | undefined): Promise<Judged[]> {
  const gateway = new GatewayProcess({
    env: { RATE_LIMIT_PER_MINUTE: "off", CHAT_PER_MINUTE: "off", CAPTIONS: "off" },
  });
  try {
    await gateway.start();
    for (const meeting of askedMeetings) await tell(gateway.url, meeting);
    const judged: Judged[] = [];
    let asked = 0;
    for (const { name, questions } of askedMeetings) {
      for (const [question, ...lines] of questions) {
        asked += 1;
        const isHeldOut = asked % 3 === 0;
        const one = await ask(gateway.url, name, question, model);
        const isFindable = lines.length > 0;
        const isRight = isFindable ? one.cited.some((line) => lines.includes(line)) : !one.found;
        judged.push({ meeting: name, question, isHeldOut, isFindable, isRight, answer: one.answer });
      }
    }
    return judged;
  } finally {
    await gateway.dispose();
  }
}

async function tell(url: string, { name, lines }: AskedMeeting): Promise<void> {
  await post(url, "/v1/sessions", { session_id: name, title: name });
  const utterances = lines.map(([speaker, text], i) => ({
    utterance_id: `u${i}`,
    start_ms: i * lineMs,
    end_ms: i * lineMs + lineMs - 500,
    speaker,
    text,
  }));
  await post(url, `/v1/sessions/${name}/utterances`, { utterances });
}

interface Answered {
  readonly answer: string;
  readonly found: boolean;
  readonly cited: readonly number[];
}

async function ask(url: string, meeting: string, message: string, model: string | undefined): Promise<Answered> {
  const body = { message, meetings: [meeting], ...(model === undefined ? {} : { model }) };
  const { answer, found, citations } = (await post(url, "/v1/chat", body)) as {
    answer: string;
    found: boolean;
    citations: { start_ms: number }[];
  };
  return { answer, found: found && citations.length > 0, cited: citations.map(({ start_ms }) => start_ms / lineMs) };
}

async function post(url: string, path: string, body: object): Promise<unknown> {
  const answer = await fetch(`${url}${path}`, { method: "POST", body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path} was answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}
