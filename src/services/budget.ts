import { yieldTurn } from "../stores/d1/connection/turn.ts";

/** What one request may still do: the platform allows it 1,000 calls to stores and objects, and a client is waiting. */
export class Budget {
  readonly #untilMs: number;
  #calls: number;

  /** @param calls roughly how many calls to stores and objects are allowed: a step that has begun is finished */
  constructor(calls: number, milliseconds: number) {
    this.#calls = calls;
    this.#untilMs = Date.now() + milliseconds;
  }

  /** Counts calls that are about to be made, and lets other requests in first. */
  async spend(calls: number): Promise<void> {
    this.#calls -= calls;
    await yieldTurn();
  }

  get isSpent(): boolean {
    return this.#calls <= 0 || Date.now() >= this.#untilMs;
  }
}
