/**
 * What providers take for a call of a model, each with its source and the day it was read. Whole numbers of nano-dollars
 * (billionths of a US dollar) for a quantity, so that a cost is exact until it is rounded, once and up, to a nano-dollar.
 */
export type PricedUnit =
  | "audio_ms"
  | "characters"
  | "input_tokens"
  | "output_tokens"
  | "byte_days"
  // Of models that take text and audio at prices of their own: parts of the two before.
  | "text_input_tokens"
  | "audio_input_tokens"
  | "text_output_tokens"
  | "audio_output_tokens";

export interface Price {
  /** Of so many of the unit. */
  readonly nanoUsd: number;
  readonly per: number;
  readonly unit: PricedUnit;
}

export interface ModelPrice {
  readonly prices: readonly Price[];
  readonly source: string;
  /** When the source was read, as YYYY-MM-DD. */
  readonly date: string;
  /** The provider counts in another unit than is known here. */
  readonly isEstimate?: true;
}

const minuteMs = 60_000;
const perMinute = (nanoUsd: number): Price => ({ nanoUsd, per: minuteMs, unit: "audio_ms" });
const perThousandCharacters = (nanoUsd: number): Price => ({ nanoUsd, per: 1_000, unit: "characters" });
const perMillion = (unit: PricedUnit, nanoUsd: number): Price => ({ nanoUsd, per: 1_000_000, unit });

const workersAi = {
  source: "https://developers.cloudflare.com/workers-ai/platform/pricing/",
  date: "2026-11-28",
} as const;
/** Of models that write: the copy of that page in its public repository. */
const workersAiChat = { source: workersAi.source, date: "2026-11-29" } as const;
const openAi = { source: "https://developers.openai.com/api/docs/pricing", date: "2026-11-28" } as const;
const openAiChat = { source: openAi.source, date: "2026-11-29" } as const;
const anthropic = { source: "https://platform.claude.com/docs/en/about-claude/pricing", date: "2026-11-29" } as const;
/** What a model that writes takes for a million tokens: read and written, in millionths of a dollar. */
const perTokens = (inputMicroUsd: number, outputMicroUsd: number): readonly Price[] => [
  perMillion("input_tokens", inputMicroUsd * 1_000),
  perMillion("output_tokens", outputMicroUsd * 1_000),
];
/** Of a model that listens and speaks: text and audio, in and out. */
const spokenTokens = [
  perMillion("text_input_tokens", 750_000_000),
  perMillion("audio_input_tokens", 3_000_000_000),
  perMillion("text_output_tokens", 4_500_000_000),
  perMillion("audio_output_tokens", 12_000_000_000),
] as const;
/** About as many letters as are said in a minute, where a provider counts the audio that it makes. */
const charactersPerMinute = 900;

/** Days of the month by which a price of a month is reckoned. */
const daysOfMonth = 30;

/** By `provider/model`. `openai/…` is OpenAI's own price: of another server of its shape nothing is known. */
export const prices: Readonly<Record<string, ModelPrice>> = {
  // Fifteen thousandths of a dollar for a billion bytes and a month; requests, and what is free, are left out.
  "cloudflare/r2-standard": {
    prices: [{ nanoUsd: 15_000_000, per: 1_000_000_000 * daysOfMonth, unit: "byte_days" }],
    source: "https://developers.cloudflare.com/r2/pricing/",
    date: "2026-11-29",
  },
  "workers-ai/@cf/deepgram/nova-3": { prices: [perMinute(5_200_000)], ...workersAi },
  "workers-ai/@cf/openai/whisper": { prices: [perMinute(450_000)], ...workersAi },
  "workers-ai/@cf/openai/whisper-large-v3-turbo": { prices: [perMinute(510_000)], ...workersAi },
  "workers-ai/@cf/deepgram/aura-1": { prices: [perThousandCharacters(15_000_000)], ...workersAi },
  "workers-ai/@cf/deepgram/aura-2-en": { prices: [perThousandCharacters(30_000_000)], ...workersAi },
  "workers-ai/@cf/deepgram/aura-2-es": { prices: [perThousandCharacters(30_000_000)], ...workersAi },
  "workers-ai/@cf/myshell-ai/melotts": {
    prices: [{ nanoUsd: 205_000, per: charactersPerMinute, unit: "characters" }],
    isEstimate: true,
    ...workersAi,
  },
  "openai/whisper-1": { prices: [perMinute(6_000_000)], ...openAi },
  "openai/gpt-4o-transcribe": {
    prices: [perMillion("input_tokens", 2_500_000_000), perMillion("output_tokens", 10_000_000_000)],
    ...openAi,
  },
  "openai/gpt-4o-mini-transcribe": {
    prices: [perMillion("input_tokens", 1_250_000_000), perMillion("output_tokens", 5_000_000_000)],
    ...openAi,
  },
  "openai/tts-1": { prices: [perThousandCharacters(15_000_000)], ...openAi },
  "openai/tts-1-hd": { prices: [perThousandCharacters(30_000_000)], ...openAi },
  "google/gemini-3.1-flash-live-preview": {
    prices: spokenTokens,
    source: "https://ai.google.dev/gemini-api/docs/pricing",
    date: "2026-11-29",
  },
  // Of its audio no price was found: that of the model before it.
  "google/gemini-3.8-live": {
    prices: spokenTokens,
    isEstimate: true,
    source: "https://vercel.com/ai-gateway/models/gemini-3.8-live",
    date: "2026-11-29",
  },
  "workers-ai/@cf/meta/llama-3.2-1b-instruct": { prices: perTokens(27_000, 201_000), ...workersAiChat },
  "workers-ai/@cf/meta/llama-3.2-3b-instruct": { prices: perTokens(51_000, 335_000), ...workersAiChat },
  "workers-ai/@cf/meta/llama-3.1-8b-instruct": { prices: perTokens(282_000, 827_000), ...workersAiChat },
  "workers-ai/@cf/meta/llama-3.1-8b-instruct-fp8": { prices: perTokens(152_000, 287_000), ...workersAiChat },
  "workers-ai/@cf/meta/llama-3.1-8b-instruct-fp8-fast": { prices: perTokens(45_000, 384_000), ...workersAiChat },
  "workers-ai/@cf/meta/llama-3.1-8b-instruct-awq": { prices: perTokens(123_000, 266_000), ...workersAiChat },
  "workers-ai/@cf/meta/llama-3.1-70b-instruct-fp8-fast": { prices: perTokens(293_000, 2_253_000), ...workersAiChat },
  "workers-ai/@cf/meta/llama-3.3-70b-instruct-fp8-fast": { prices: perTokens(293_000, 2_253_000), ...workersAiChat },
  "workers-ai/@cf/mistral/mistral-7b-instruct-v0.1": { prices: perTokens(110_000, 190_000), ...workersAiChat },
  "anthropic/claude-opus-4-6": { prices: perTokens(5_000_000, 25_000_000), ...anthropic },
  "anthropic/claude-opus-4-5": { prices: perTokens(5_000_000, 25_000_000), ...anthropic },
  "anthropic/claude-opus-4-1": { prices: perTokens(15_000_000, 75_000_000), ...anthropic },
  "anthropic/claude-sonnet-4-6": { prices: perTokens(3_000_000, 15_000_000), ...anthropic },
  "anthropic/claude-sonnet-4-5": { prices: perTokens(3_000_000, 15_000_000), ...anthropic },
  "anthropic/claude-sonnet-4": { prices: perTokens(3_000_000, 15_000_000), ...anthropic },
  "anthropic/claude-haiku-4-5": { prices: perTokens(1_000_000, 5_000_000), ...anthropic },
  "openai/gpt-5.1": { prices: perTokens(1_250_000, 10_000_000), ...openAiChat },
  "openai/gpt-5": { prices: perTokens(1_250_000, 10_000_000), ...openAiChat },
  "openai/gpt-5-mini": { prices: perTokens(250_000, 2_000_000), ...openAiChat },
  "openai/gpt-5-nano": { prices: perTokens(50_000, 400_000), ...openAiChat },
  "openai/gpt-4.1": { prices: perTokens(2_000_000, 8_000_000), ...openAiChat },
  "openai/gpt-4.1-mini": { prices: perTokens(400_000, 1_600_000), ...openAiChat },
  "openai/gpt-4o": { prices: perTokens(2_500_000, 10_000_000), ...openAiChat },
  "openai/gpt-4o-mini": { prices: perTokens(150_000, 600_000), ...openAiChat },
};

/** What keeping bytes is, in the table: no model, but an offer all the same. */
export const storageOffer = "cloudflare/r2-standard";

export type Quantities = { readonly [Unit in PricedUnit]?: number | undefined };

export interface Cost {
  /** Null where the price is not known, or what it is of. */
  readonly nanoUsd: number | null;
  readonly date: string | null;
  readonly isEstimate: boolean;
}

/** Providers name a version by its day, at the price of its model. */
const dated = /-(\d{8}|\d{4}-\d{2}-\d{2})$/;

function priceOf(model: string): ModelPrice | undefined {
  return Object.hasOwn(prices, model) ? prices[model] : undefined;
}

/** @param isOwn the model runs on a machine of the deployment: its calls cost nothing. */
export function costOf(model: string, quantities: Quantities, isOwn: boolean): Cost {
  if (isOwn) return { nanoUsd: 0, date: null, isEstimate: false };
  const price = priceOf(model) ?? priceOf(model.replace(dated, ""));
  if (!price) return { nanoUsd: null, date: null, isEstimate: true };
  const sum = costAt(price.prices, quantities);
  if (sum === undefined) return { nanoUsd: null, date: price.date, isEstimate: true };
  return { nanoUsd: Number(sum), date: price.date, isEstimate: price.isEstimate ?? false };
}

/** What quantities cost in nano-dollars, that of each unit rounded up. @returns undefined where one that is priced is not known. */
export function costAt<U extends string>(
  at: readonly { readonly nanoUsd: number; readonly per: number; readonly unit: U }[],
  quantities: { readonly [Unit in U]?: number | undefined },
): bigint | undefined {
  let sum = 0n;
  for (const { nanoUsd, per, unit } of at) {
    const quantity = quantities[unit];
    if (quantity === undefined) return undefined;
    const [taken, each] = [BigInt(Math.ceil(quantity)) * BigInt(nanoUsd), BigInt(per)];
    sum += (taken + each - 1n) / each;
  }
  return sum;
}
