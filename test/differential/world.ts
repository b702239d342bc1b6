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

/** The things that earlier calls have made, and the random choices for the next call. */
export class World {
  readonly random: Random;
  /** Set while a malformed message is made. Later calls must not see its effects. */
  isReckless = false;
  readonly #pools = new Map<string, string[]>();
  readonly #prefix: string;
  #clock = 1_700_000_000_000;
  #names = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
    this.#prefix = `s${seed}`;
  }

  /** Remembers a thing of this kind by its symbol or name. `scrap <kind>` is for malformed messages. */
  add(kind: string, thing: string): void {
    this.#pools.set(kind, [...(this.#pools.get(kind) ?? []), thing]);
  }

  all(kind: string): readonly string[] {
    return this.#pools.get(kind) ?? [];
  }

  /** Mostly an existing thing. Newer things are chosen more often, so that data accumulates in them. */
  pick(kind: string): string {
    const pool = this.isReckless ? this.all(`scrap ${kind}`) : this.all(kind);
    if (pool.length === 0 || (!this.isReckless && this.random.chance(0.04))) return this.stranger(kind);
    return this.random.pick(this.random.chance(0.5) ? pool.slice(-4) : pool);
  }

  /** An id that no thing has. */
  stranger(kind: string): string {
    const ids =
      kind === "experiment" ? ["99999", "-1", "abc", "1.5", "9223372036854775807"] : ["f".repeat(32), "x", "0"];
    return this.random.pick(ids);
  }

  /** A name that no other call uses. */
  name(kind: string): string {
    this.#names += 1;
    return `${this.#prefix} ${kind} ${this.#names}`;
  }

  /** A time later than all earlier ones. */
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

  /** Pairs with different keys, because MLflow's database refuses a repeated key. */
  tags(most: number): { readonly key: string; readonly value: string }[] {
    const tags = this.list(most, () => ({ key: this.key(), value: this.text() }));
    return [...new Map(tags.map((tag) => [tag.key, tag])).values()];
  }

  /** A list of items from `make`. */
  list<T extends Json>(most: number, make: () => T): T[] {
    return Array.from({ length: this.random.integer(most + 1) }, make);
  }

  /** Sometimes the field with this value; mostly no field. */
  maybe<T extends Json>(probability: number, name: string, make: () => T): { readonly [name: string]: T } {
    return this.random.chance(probability) ? { [name]: make() } : {};
  }
}
