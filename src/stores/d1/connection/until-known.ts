/** What D1 and objects say where what was asked may have been done or not (developers.cloudflare.com/d1/observability/debug-d1). */
const UNCERTAIN =
  /Network connection lost|caused object to be reset|reset because its code was updated|Cannot resolve D1 DB|internal error; reference|Internal error (in|while)/i;

/** Between two tries, in milliseconds. */
const PAUSES_MS = [50, 200, 600, 1500];

/**
 * Makes something whose identity was chosen before. Where the answer is lost, this asks whether the thing is there, and tries
 * again if it is not, with the same identity. So that nobody need repeat the request, which would make a second one.
 * @param find what was made by an earlier try; undefined where there is none
 */
export async function untilKnown<T>(make: () => Promise<T>, find: () => Promise<T | undefined>): Promise<T> {
  let failure: unknown;
  try {
    return await make();
  } catch (error) {
    if (!isUncertain(error)) throw error;
    failure = error;
  }
  for (const pauseMs of PAUSES_MS) {
    await scheduler.wait(pauseMs * (0.5 + Math.random()));
    try {
      return (await find()) ?? (await make());
    } catch (error) {
      if (isUncertain(error)) continue;
      // It may be refused because the first try has arrived in between.
      const made = await find();
      if (made === undefined) throw error;
      return made;
    }
  }
  throw failure;
}

function isUncertain(error: unknown): boolean {
  return (
    error instanceof Error && (UNCERTAIN.test(error.message) || ("retryable" in error && error.retryable === true))
  );
}
