/** From pieces of speech whose speakers are known to the cosine from which a piece joins a voice. Pure. */
import { Failure } from "../../../schemas/lib/failure.ts";
import { addScaled, dot, toUnit } from "../../../server/shared/diarizer/vectors.ts";

export interface Person {
  /** Who could be taken for one another: the people of one recording, or all who have one of their own. */
  readonly group: string;
  readonly name: string;
  /** Embeddings of pieces of what they say, of any length above zero. */
  readonly pieces: readonly Float64Array[];
}

export interface Calibration {
  readonly threshold: number;
  /** Share of pieces that would not join their own voice, and of comparisons in which one would join another's. */
  readonly errorsAt: (threshold: number) => { readonly parted: number; readonly joined: number };
  readonly people: number;
  readonly own: number;
  readonly others: number;
}

const leastPieces = 2;
const leastComparisons = 10;

/**
 * A piece is compared with the mean of its speaker's other pieces, and with that of each other person of the group.
 *
 * @returns the threshold at which both errors are as small as each other, rounded to hundredths.
 * @throws Failure where there is too little to say anything.
 */
export function calibrate(people: readonly Person[]): Calibration {
  const heard = people.filter(({ pieces }) => pieces.length >= leastPieces);
  const own: number[] = [];
  const others: number[] = [];
  for (const person of heard) {
    const rivals = heard.filter((other) => other !== person && other.group === person.group);
    const centres = rivals.map(({ pieces }) => meanOf(pieces));
    for (const [i, piece] of person.pieces.entries()) {
      own.push(cosine(piece, meanOf(person.pieces.toSpliced(i, 1))));
      for (const centre of centres) others.push(cosine(piece, centre));
    }
  }
  if (own.length < leastComparisons || others.length < leastComparisons)
    throw new Failure(
      "That is too little speech: there must be two people or more that can be taken for one another, with half a minute of each.",
    );
  const errorsAt = (threshold: number): { parted: number; joined: number } => ({
    parted: shareOf(own, (value) => value < threshold),
    joined: shareOf(others, (value) => value >= threshold),
  });
  const hundredths = Array.from({ length: 91 }, (_, i) => (i + 5) / 100);
  const gapAt = (threshold: number): number => {
    const { parted, joined } = errorsAt(threshold);
    return Math.abs(parted - joined);
  };
  const least = Math.min(...hundredths.map(gapAt));
  // Voices that are well apart leave a gap: its middle is as far from both.
  const best = hundredths.filter((threshold) => gapAt(threshold) === least);
  const threshold = best[Math.floor(best.length / 2)] ?? 0.5;
  return { threshold, errorsAt, people: heard.length, own: own.length, others: others.length };
}

function meanOf(pieces: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(pieces[0]?.length ?? 0);
  for (const piece of pieces) addScaled(sum, toUnit(piece.slice()) ?? piece, 1);
  return sum;
}

function cosine(a: Float64Array, b: Float64Array): number {
  const [unitOfA, unitOfB] = [toUnit(a.slice()), toUnit(b.slice())];
  return unitOfA && unitOfB ? dot(unitOfA, unitOfB) : 0;
}

function shareOf(values: readonly number[], isWanted: (value: number) => boolean): number {
  return values.filter(isWanted).length / values.length;
}
