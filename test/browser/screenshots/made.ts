/** A gateway with the meetings that the states are of, and the services that it asks who speaks. */
import { GatewayProcess } from "../../../scripts/local/gateway-process.ts";
import { InferenceServer } from "../../support/inference-server.ts";
import { ReviewServer } from "../../support/review-server.ts";
import { keepMeeting, longMeeting, rightToLeftMeeting, turnSeconds } from "../support/named-meeting.ts";
import { lookedMeeting } from "./running-states.ts";
import { liveMeeting, plainMeeting } from "./states.ts";

const launch = [
  { name: "Bob", text: "When do we launch?" },
  { name: "Ann", text: "The launch is on the ninth of March." },
  { name: "Bob", text: "Good. I will tell the others." },
];

export class MadeGateway {
  readonly #inference = new InferenceServer();
  readonly #reviews = new ReviewServer();
  #gateway: GatewayProcess | undefined;

  get url(): string {
    return this.#gateway?.url ?? "";
  }

  async start(): Promise<void> {
    await Promise.all([this.#inference.start(), this.#reviews.start()]);
    const env = { INFERENCE_BASE_URL: this.#inference.url, REVIEW_BASE_URL: this.#reviews.url };
    this.#gateway = new GatewayProcess({ env });
    await this.#gateway.start();
    const meetings = [
      { sessionId: plainMeeting, title: "Launch", speeches: launch },
      { sessionId: liveMeeting, title: "Weekly", speeches: launch, isOver: false },
      { sessionId: lookedMeeting, title: "Stand-up", speeches: [{ name: "Ann", text: "Nothing is in my way." }, {}] },
      longMeeting,
      rightToLeftMeeting,
    ];
    for (const meeting of meetings) await keepMeeting(this.url, this.#inference, meeting);
    const middle = turnSeconds * 500;
    const heard = [
      { start_ms: 0, end_ms: middle, speaker: "a" },
      { start_ms: middle, end_ms: turnSeconds * 2_000, speaker: "b" },
    ];
    this.#reviews.answer(lookedMeeting, Promise.resolve(heard));
  }

  async dispose(): Promise<void> {
    await this.#gateway?.dispose();
    await Promise.all([this.#inference.stop(), this.#reviews.stop()]);
  }
}
