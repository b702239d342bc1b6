/**
 * Errors of D1 and objects that leave open whether the request was carried out
 * (developers.cloudflare.com/d1/observability/debug-d1).
 */
const UNCERTAIN =
  /Network connection lost|caused object to be reset|reset because its code was updated|Cannot resolve D1 DB|internal error; reference|Internal error (in|while)/i;

/** Pauses between two tries, in milliseconds. */
const PAUSES_MS = [50, 200, 600, 1500];

/**
 * Creates something whose id was chosen beforehand. If the answer is lost, this checks whether the thing exists, and if not
 * tries again with the same id. So the client need not repeat the request, which would create a second thing.
 * @param find finds what an earlier try created; undefined if there is nothing
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
      // The second try may be refused because the first one has arrived in between.
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
