import { sha256, toHex } from "../../domain/bytes.ts";
import type { Attempt } from "./access-gate.ts";
import { askGate } from "./ask-gate.ts";

/** Objects among which networks are spread. All attempts from one network reach one object, so its counts are exact. */
const GATES = 8;

/** The counts of failed attempts to sign in, by name and network. */
export class AttemptCounter {
  readonly #env: Env;
  readonly #network: string;
  readonly #usernames: readonly string[];

  /** @param network the network that the attempt comes from; "" for an unknown one */
  constructor(env: Env, network: string, usernames: readonly string[]) {
    this.#env = env;
    this.#network = network;
    this.#usernames = usernames;
  }

  async begin(): Promise<Attempt> {
    const [gate, counters] = await this.#counters();
    return await askGate(this.#env, gate, async (one) => await one.beginAttempt(counters));
  }

  async succeeded(): Promise<void> {
    const [gate, counters] = await this.#counters();
    await askGate(this.#env, gate, async (one) => await one.endAttempt(counters));
  }

  async #counters() {
    const [network, ...counters] = await Promise.all(
      [this.#network, ...this.#usernames.map((name) => `${this.#network} ${name}`)].map(digestOf),
    );
    const number = Number.parseInt(network!.slice(0, 2), 16) % GATES;
    return [`attempts ${number}`, counters] as const;
  }
}

/** A digest, because people type passwords where a name belongs. */
async function digestOf(text: string): Promise<string> {
  return toHex(await sha256(text));
}
