/** What a team used, and what it may spend. */

const dayMs = 86_400_000;
/** What was used of each model of a week, in dollars a day. */
const spent = [
  { feature: "chat", model: "workers-ai/llama-4-scout", usd: [0.31, 0.44, 0.12, 0.05, 0.38, 0.52, 0.41] },
  { feature: "stt", model: "workers-ai/nova-3", usd: [0.22, 0.35, 0.08, 0, 0.27, 0.31, 0.36] },
  { feature: "tts", model: "workers-ai/aura-1", usd: [0.04, 0.06, 0, 0, 0.05, 0.09, 0.07] },
] as const;
const budgets = [
  { feature: "all", usd_per_day: "1.5" },
  { feature: "chat", tokens_per_minute: 20_000, usd_per_day: "0.5" },
  { feature: "stt", audio_seconds_per_minute: 600 },
];

/** A week of a small team, and what it may spend. */
export async function spend(url: string): Promise<void> {
  const entries = spent.flatMap(({ feature, model, usd }) =>
    usd.map((dollars, n) => ({
      event_id: `${feature}-${n}`,
      at: new Date(Date.now() - (usd.length - 1 - n) * dayMs).toISOString(),
      feature,
      model,
      session_id: n % 2 === 0 ? "board-7" : "weekly-14",
      cost_usd: String(dollars),
      quantities: { calls: Math.ceil(dollars * 40), audio_ms: feature === "chat" ? 0 : Math.round(dollars * 4e6) },
    })),
  );
  await send(url, "POST", "/v1/billing/record", { entries });
  await send(url, "POST", "/v1/billing/topup", { event_id: "first", amount_usd: "25" });
  await send(url, "PUT", "/v1/billing/budgets", { budgets });
}

/** So many that the page shows some of them alone, one with a name as long as there can be. */
export const manyMeetings: readonly [string, ...string[]] = [
  `all-hands-${"and-everybody-else-".repeat(6)}x`,
  ...Array.from({ length: 24 }, (_, n) => `call-${n + 1}`),
];

export async function spendMuch(url: string): Promise<void> {
  const entries = manyMeetings.map((session_id, n) => ({
    event_id: `much-${n}`,
    at: new Date(Date.now() - n * dayMs).toISOString(),
    feature: "participant",
    model: "openai/gpt-5.2-a-preview-of-the-day",
    session_id,
    cost_usd: String(Math.round(120_000 / (n + 1)) / 10),
    quantities: { calls: 1_234_567, audio_ms: 987_654_321, input_tokens: 123_456_789, output_tokens: 9_876_543 },
  }));
  await send(url, "POST", "/v1/billing/record", { entries });
}

async function send(url: string, method: string, path: string, body: object): Promise<void> {
  const answer = await fetch(url + path, { method, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${await answer.text()}`);
}
