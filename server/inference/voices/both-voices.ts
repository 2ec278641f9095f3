/**
 * A voice as it is heard twice. The network knows people, also through a telephone; the classical voice knows what is steady, such as
 * synthetic voices, in the kinds of recording that it was trained on. Both behind each other, where the recording is of such a kind; else
 * the network's alone. In a meeting room the classical voice hears mostly the room, and the network something of it. Pure.
 */
import { createVoiceSpace } from "../../shared/diarizer/embedding.ts";
import { channels } from "../../shared/diarizer/model.ts";
import { trainedModel } from "../../shared/diarizer/trained-model.ts";
import { addScaled, dot, toUnit, type Vector } from "../../shared/diarizer/vectors.ts";
import { decodeRoom } from "./room.ts";
import { roomBase64 } from "./room-data.ts";
import { comparing } from "./tuning.ts";

export interface Voice {
  /** Of any length; zeros where there is too little speech. */
  readonly neural: Vector;
  /** As `VoiceSpace.voiceOf` gives it: not centred. */
  readonly classical: Vector;
}

/** What is known of a recording as a whole: sums over so many steps. */
export interface Recording {
  /** How far its speech is from each kind that the classical voice was trained on. */
  readonly distances: readonly number[];
  /** How much of a meeting room is in it: of each step 1 for as much as the average one. */
  readonly room: number;
  readonly steps: number;
}

/** @returns length 1, or zeros where nothing was heard. */
export type DirectionOf = (voice: Voice) => Float64Array;

const space = createVoiceSpace(trainedModel);
const averageRoom = decodeRoom(roomBase64);

export const nothingHeard: Recording = { distances: Array.from({ length: channels }, () => 0), room: 0, steps: 0 };

export function withSpeech({ distances, room, steps }: Recording, voices: readonly Voice[]): Recording {
  const sums = [...distances];
  let inRoom = room;
  for (const { neural, classical } of voices) {
    inRoom += dot(unitOf(neural), averageRoom) / dot(averageRoom, averageRoom);
    space.channelDistances(Float64Array.from(classical)).forEach((distance, channel) => {
      sums[channel] = (sums[channel] ?? 0) + distance;
    });
  }
  return { distances: sums, room: inRoom, steps: steps + voices.length };
}

/** How much of a meeting room is in a recording: 0 to 1. */
export function roomIn({ room, steps }: Recording): number {
  return Math.min(1, Math.max(0, room / Math.max(1, steps)));
}

/** Where voices of a recording are compared. */
export function directionsIn(recording: Recording): DirectionOf {
  const { distances, steps } = recording;
  const nearest = Math.min(...distances);
  const channel = distances.indexOf(nearest);
  const isKnown = nearest <= comparing.knownWithin * steps;
  const inRoom = roomIn(recording);
  const roomShare = comparing.roomShare * inRoom;
  const share = comparing.classicalShare * (1 - inRoom);
  return ({ neural, classical }) => {
    const a = unitOf(neural);
    if (roomShare > 0 && a.some((value) => value !== 0)) {
      addScaled(a, averageRoom, -roomShare);
      toUnit(a);
    }
    if (!isKnown) return a;
    const b = space.directionOf(Float64Array.from(classical), channel) ?? new Float64Array(classical.length);
    const both = new Float64Array(a.length + b.length);
    both.set(a.map((value) => value * Math.sqrt(1 - share)));
    both.set(
      b.map((value) => value * Math.sqrt(share)),
      a.length,
    );
    return toUnit(both) ?? both;
  };
}

function unitOf(neural: Vector): Float64Array {
  return toUnit(Float64Array.from(neural)) ?? new Float64Array(neural.length);
}
