/** Who is in a meeting, as the event log tells it. Pure: the same events give the same answer. */
import type { RoomEvent, Turn } from "../../index.ts";

/** Colours of speakers in `tokens.css`: `--speaker-0` and on. */
const speakerColours = 10;

export interface Speaker {
  readonly clusterId: string;
  /** The bound name, else `Speaker 2`, counted by first appearance. */
  readonly label: string;
  readonly name: string | undefined;
  /** Stays the same as names come. */
  readonly colour: number;
  readonly talkMs: number;
  readonly turns: readonly Turn[];
}

/** By first appearance. A speaker without a turn is not among them. */
export function speakersOf(events: readonly RoomEvent[], turns: readonly Turn[]): readonly Speaker[] {
  const order = orderOf(events);
  const byCluster = Map.groupBy(turns, ({ cluster_id }) => cluster_id);
  const found = [...byCluster].map(([clusterId, own]): Omit<Speaker, "label"> => {
    const name = own[0]?.speaker_name ?? undefined;
    const talkMs = own.reduce((sum, { start_ms, end_ms }) => sum + end_ms - start_ms, 0);
    return { clusterId, name, colour: (order.get(clusterId) ?? 0) % speakerColours, talkMs, turns: own };
  });
  const sorted = found.toSorted((a, b) => (order.get(a.clusterId) ?? 0) - (order.get(b.clusterId) ?? 0));
  return sorted.map((speaker) => ({
    ...speaker,
    label: speaker.name ?? `Speaker ${(order.get(speaker.clusterId) ?? 0) + 1}`,
  }));
}

/** Clusters by their first mention, merged ones too: a colour does not wander. */
function orderOf(events: readonly RoomEvent[]): ReadonlyMap<string, number> {
  const order = new Map<string, number>();
  for (const { cluster_id: id, type } of events)
    if (id !== undefined && type.startsWith("speaker.") && !order.has(id)) order.set(id, order.size);
  return order;
}
