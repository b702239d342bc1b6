/** What one request may still do: the platform allows it 1,000 calls of stores and objects, and a client waits for it. */
export class Budget {
  readonly #untilMs: number;
  #calls: number;

  /** @param calls of stores and objects, about: a step that has begun is done */
  constructor(calls: number, milliseconds: number) {
    this.#calls = calls;
    this.#untilMs = Date.now() + milliseconds;
  }

  spend(calls: number): void {
    this.#calls -= calls;
  }

  get isSpent(): boolean {
    return this.#calls <= 0 || Date.now() >= this.#untilMs;
  }
}
