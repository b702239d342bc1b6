/** Work of this length leaves the page enough of a frame. */
const TURN_MS = 8;

/**
 * Divides long work on the page's thread. The work awaits the returned function between its steps. After some milliseconds of
 * work it lets the page draw and take input.
 */
export function takeTurns(): () => Promise<void> | undefined {
  let sinceMs = performance.now();
  return () => {
    if (performance.now() - sinceMs < TURN_MS) return undefined;
    return new Promise((resolve) => {
      setTimeout(() => {
        sinceMs = performance.now();
        resolve();
      });
    });
  };
}
