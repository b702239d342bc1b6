import { Random } from "../faults/random.ts";
import type { Json } from "./json.ts";

const KEYS = ["loss", "acc", "a b", "val/loss", "x.y", "ключ", "LR", "batch-size", "k:v", "mlflow.note.content"];
const BAD_KEYS = [
  "",
  " ",
  "a//b",
  "../x",
  "a/../b",
  "./a",
  "/abs",
  "a/",
  "bad\nkey",
  "key\n",
  "k$",
  "a'b",
  "🙂",
  ".",
  "..",
  "k".repeat(251),
  "k".repeat(250),
];
const TEXTS = [
  "adam",
  "Adam",
  "sgd",
  "",
  "0.1",
  "a%b",
  "zürich",
  "it's",
  "🙂",
  "x".repeat(70),
  'say "hi"',
  "a\nb",
  " ",
];

/** What the calls so far have made, and the choices of the next. */
export class World {
  readonly random: Random;
  /** Set while a badly shaped message is made: what it does must not be seen later. */
  isReckless = false;
  readonly #pools = new Map<string, string[]>();
  readonly #prefix: string;
  #clock = 1_700_000_000_000;
  #names = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.#prefix = `s${seed}`;
  }

  /** Remembers a thing of this kind, by its symbol or name. `scrap <kind>` is for messages of bad shape. */
  add(kind: string, thing: string): void {
    this.#pools.set(kind, [...(this.#pools.get(kind) ?? []), thing]);
  }

  all(kind: string): readonly string[] {
    return this.#pools.get(kind) ?? [];
  }

  /** Mostly one that is there; the newest more often, so that things gather. */
  pick(kind: string): string {
    const pool = this.isReckless ? this.all(`scrap ${kind}`) : this.all(kind);
    if (pool.length === 0 || (!this.isReckless && this.random.chance(0.04))) return this.stranger(kind);
    return this.random.pick(this.random.chance(0.5) ? pool.slice(-4) : pool);
  }

  /** An id that nothing has. */
  stranger(kind: string): string {
    const ids =
      kind === "experiment" ? ["99999", "-1", "abc", "1.5", "9223372036854775807"] : ["f".repeat(32), "x", "0"];
    return this.random.pick(ids);
  }

  /** One that no other call uses. */
  name(kind: string): string {
    this.#names += 1;
    return `${this.#prefix} ${kind} ${this.#names}`;
  }

  /** Later than all before. */
  tick(): number {
    this.#clock += 1 + this.random.integer(1000);
    return this.#clock;
  }

  key(): string {
    return this.random.pick(this.random.chance(0.06) ? BAD_KEYS : KEYS);
  }

  text(): string {
    return this.random.chance(0.02)
      ? "y".repeat(this.random.pick([500, 501, 5001, 6001, 8001]))
      : this.random.pick(TEXTS);
  }

  /** Pairs of different keys: MLflow's database refuses a repeated one. */
  tags(most: number): { readonly key: string; readonly value: string }[] {
    const tags = this.list(most, () => ({ key: this.key(), value: this.text() }));
    return [...new Map(tags.map((tag) => [tag.key, tag])).values()];
  }

  /** `make`'s items. */
  list<T extends Json>(most: number, make: () => T): T[] {
    return Array.from({ length: this.random.integer(most + 1) }, make);
  }

  /** The field with this value, or mostly not. */
  maybe<T extends Json>(probability: number, name: string, make: () => T): { readonly [name: string]: T } {
    return this.random.chance(probability) ? { [name]: make() } : {};
  }
}
