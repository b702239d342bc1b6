/** The outcome of one write: the answer to each item, and when the next write may begin. */
export interface Commit<Answer> {
  /** In the order of the items. */
  readonly answers: readonly Promise<Answer>[];
  /** Never rejects. */
  readonly isOver: Promise<unknown>;
}

/**
 * Lets items share writes. Items that arrive while a write is in flight go together into the next write.
 *
 * A durable write waits for the disk, and a write to D1 for the network. Both cost more than the data they carry.
 */
export class CommitGroup<Item, Answer> {
  readonly #write: (items: readonly Item[]) => Commit<Answer>;
  readonly #yieldTurn: () => Promise<unknown>;
  readonly #rest: (() => Promise<unknown>) | undefined;
  #waiting: { readonly item: Item; readonly settle: (answer: Promise<Answer>) => void }[] = [];
  #isWriting = false;
  /** Whether the last write was shared: then waiting one turn of the event loop is likely to gather more items. */
  #isShared = false;

  /**
   * @param yieldTurn resolves once the event loop has read the requests of other clients
   * @param rest for writes that nobody waits for: after a write, the next one begins once this resolves, so that more items
   *   share it
   */
  constructor(
    write: (items: readonly Item[]) => Commit<Answer>,
    yieldTurn: () => Promise<unknown>,
    rest?: () => Promise<unknown>,
  ) {
    this.#write = write;
    this.#yieldTurn = yieldTurn;
    this.#rest = rest;
  }

  /** @returns the answer of the write that includes the item. */
  add(item: Item): Promise<Answer> {
    const answer = new Promise<Answer>((resolve) => this.#waiting.push({ item, settle: resolve }));
    if (!this.#isWriting) void this.#writeWaiting();
    return answer;
  }

  async #writeWaiting(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      if (this.#isShared) await this.#yieldTurn();
      const group = this.#waiting;
      this.#waiting = [];
      this.#isShared = group.length > 1;
      try {
        const { answers, isOver } = this.#write(group.map(({ item }) => item));
        for (const [index, { settle }] of group.entries()) settle(answers[index]!);
        await isOver;
      } catch (error) {
        for (const { settle } of group) settle(Promise.reject(error));
      }
      await this.#rest?.();
    }
    this.#isWriting = false;
  }
}
