/**
 * Voice prints stay in the house (S9): a state and a stored result as they are given out, each cluster's `centroid` an empty list.
 * A result is read through as it comes, byte by byte up to the end of its `state`, so that its length costs no memory.
 */
import type { Cluster } from "../../../schemas/speech/speakers.ts";

/** What a session token is told that asks for them. */
export const noCentroids = {
  reason: "forbidden",
  detail: "include=centroids needs an API key with the scope sessions:read.",
} as const;

export function withoutCentroids<T extends { readonly state: { readonly clusters: readonly Cluster[] } }>(shown: T): T {
  const clusters = shown.state.clusters.map((cluster) => ({ ...cluster, centroid: [] }));
  return { ...shown, state: { ...shown.state, clusters } };
}

/** Of a result's JSON. */
export function centroidStrip(): TransformStream<Uint8Array, Uint8Array> {
  const scan = new CentroidScan();
  return new TransformStream({
    transform: (bytes, controller) => {
      for (const part of scan.kept(bytes)) controller.enqueue(part);
    },
  });
}

const [quote, backslash, colon] = ['"', "\\", ":"].map((sign) => sign.charCodeAt(0));
const [openList, closeList, openObject, closeObject] = ["[", "]", "{", "}"].map((sign) => sign.charCodeAt(0));
/** Keys are compared by their first letters alone as far as this: none that counts is longer. */
const maxKeyBytes = 16;

/** Follows a result's JSON, and knows which bytes of it lie in a list at `state.clusters[*].centroid`. */
class CentroidScan {
  readonly #keys: string[] = [];
  #depth = 0;
  #text = "";
  #isInString = false;
  #isEscaped = false;
  #isInCentroid = false;
  #isPast = false;

  /** The parts of the next bytes that are given out. */
  kept(bytes: Uint8Array): Uint8Array[] {
    const parts: Uint8Array[] = [];
    let from = this.#isInCentroid ? bytes.length : 0;
    for (let at = 0; at < bytes.length && !this.#isPast; at += 1) {
      const wasIn = this.#isInCentroid;
      this.#take(bytes[at] ?? 0);
      if (wasIn === this.#isInCentroid) continue;
      if (this.#isInCentroid) parts.push(bytes.subarray(from, at + 1));
      from = this.#isInCentroid ? bytes.length : at;
    }
    if (from < bytes.length) parts.push(bytes.subarray(from));
    return parts;
  }

  #take(byte: number): void {
    if (this.#isInString) return this.#takeText(byte);
    if (byte === quote) {
      this.#isInString = true;
      this.#text = "";
    } else if (byte === colon) this.#keys[this.#depth] = this.#text;
    else if (byte === openList || byte === openObject) this.#open(byte === openList);
    else if (byte === closeList || byte === closeObject) this.#close();
  }

  #takeText(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === backslash) this.#isEscaped = true;
    else if (byte === quote) this.#isInString = false;
    if (this.#isInString && this.#text.length < maxKeyBytes) this.#text += String.fromCharCode(byte);
  }

  #open(isList: boolean): void {
    const [, top, second, , fourth] = this.#keys;
    if (isList && this.#depth === 4 && top === "state" && second === "clusters" && fourth === "centroid") {
      this.#isInCentroid = true;
    }
    this.#depth += 1;
    this.#keys[this.#depth] = "";
  }

  #close(): void {
    this.#depth -= 1;
    if (this.#depth === 4) this.#isInCentroid = false;
    if (this.#depth === 1 && this.#keys[1] === "state") this.#isPast = true;
  }
}
