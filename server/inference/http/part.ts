/** What a model serves: its paths, and who it is. */

/**
 * Answers one request. Only requests with the right method and key come.
 * `request.signal` aborts once the exchange is over, because the caller left or because the answer is out.
 */
export type Handler = (request: Request) => Response | Promise<Response>;

export type Method = "GET" | "POST";

export interface Part {
  /** By method and path, as `POST /speaker/resolve`. */
  readonly routes: Readonly<Record<`${Method} /${string}`, Handler>>;
  /** Paths whose bodies may take as long as their work does: what bounds them is the time between two parts of one. */
  readonly longBodies?: readonly `/${string}`[];
  /** A line for the person who starts the service. */
  readonly summary: string;
  /** What `GET /health` says of its models, by name. */
  readonly models?: () => Readonly<Record<string, "idle" | "loaded">>;
  /** Ends what it computes with. */
  readonly close?: () => Promise<void>;
}
