/** The head of a track's hash chain (SPEC H1), from the hashes of its kept chunks. */
import { createHashChain, type Sha256 } from "../../../schemas/chain.ts";
import { giveWay } from "../../shared/lib/wait.ts";
import type { SessionName } from "../core/session-name.ts";
import type { KeptChunks } from "../tracks/kept-chunks.ts";

export interface ChainSources {
  readonly session: SessionName;
  readonly tracks: { readonly kept: Pick<KeptChunks, "hashes"> };
  readonly sha256: Sha256;
}

/** A few milliseconds of work. */
const chunksOfTurn = 1_024;

/** Reads every hash of the track: for a session that takes no more chunks. @returns lower-case hex. */
export async function chainHead({ session, tracks, sha256 }: ChainSources, track: string): Promise<string> {
  const chain = createHashChain({ ...session, track }, sha256);
  let chunks = 0;
  for (const chunk of tracks.kept.hashes(track)) {
    chain.add(chunk.seq, chunk.sha256);
    chunks += 1;
    if (chunks % chunksOfTurn === 0) await giveWay();
  }
  return chain.head();
}
