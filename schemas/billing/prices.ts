/**
 * What providers take for a call of a model, each with its source and the day it was read. Whole numbers of nano-dollars
 * (billionths of a US dollar) for a quantity, so that a cost is exact until it is rounded, once and up, to a nano-dollar.
 */
export type PricedUnit = "audio_ms" | "characters" | "input_tokens" | "output_tokens";

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
const openAi = { source: "https://developers.openai.com/api/docs/pricing", date: "2026-11-28" } as const;
/** About as many letters as are said in a minute, where a provider counts the audio that it makes. */
const charactersPerMinute = 900;

/** By `provider/model`. `openai/…` is OpenAI's own price: of another server of its shape nothing is known. */
export const prices: Readonly<Record<string, ModelPrice>> = {
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
};

export type Quantities = { readonly [Unit in PricedUnit]?: number | undefined };

export interface Cost {
  /** Null where the price is not known, or what it is of. */
  readonly nanoUsd: number | null;
  readonly date: string | null;
  readonly isEstimate: boolean;
}

/** @param isOwn the model runs on a machine of the deployment: its calls cost nothing. */
export function costOf(model: string, quantities: Quantities, isOwn: boolean): Cost {
  if (isOwn) return { nanoUsd: 0, date: null, isEstimate: false };
  const price = Object.hasOwn(prices, model) ? prices[model] : undefined;
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
