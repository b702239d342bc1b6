import { useCallback, useSyncExternalStore } from "react";

/** One clock for all components with the same period. */
class Clock {
  nowMs = Date.now();
  readonly #listeners = new Set<() => void>();
  readonly #periodMs: number;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(periodMs: number) {
    this.#periodMs = periodMs;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    if (this.#listeners.size === 0) this.nowMs = Date.now();
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => {
      this.nowMs = Date.now();
      for (const tell of this.#listeners) tell();
    }, this.#periodMs);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    };
  };
}

const slow = new Clock(10_000);
const quick = new Clock(1000);

/**
 * The time in ms, of one clock for the whole page that moves every ten seconds.
 * @param isQuick ticks every second, for texts that show seconds, such as the duration of a live run.
 */
export function useNow(isQuick = false): number {
  const clock = isQuick ? quick : slow;
  return useSyncExternalStore(
    clock.subscribe,
    useCallback(() => clock.nowMs, [clock]),
  );
}
