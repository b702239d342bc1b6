import { forEachAtMost } from "../../domain/for-each-at-most.ts";
import { remember } from "../../domain/remember.ts";
import type { RunNews } from "../../stores/run/open-run.ts";
import {
  askLastChanges,
  groupByObject,
  MAX_ASKED_OBJECTS,
  OBJECTS_AT_A_TIME,
  type RunPlace,
} from "../../stores/run/stub.ts";
import type { ServiceContext } from "../context.ts";

/**
 * How long an object's answer serves all pages, in milliseconds. Many pages ask at once, each every two seconds, so an object
 * is asked twice in this time, for its progress and for its news, however many pages show its runs.
 */
const HOLDS_MS = 2000;
const MAX_REMEMBERED = 5000;
/** Most characters of the remembered news of one run. */
const MAX_CHARACTERS = 2000;

/** What a run's object has answered. */
interface Answer {
  /** A number that grows with every point: `RunNews.through`. */
  readonly through: number;
  /** When this isolate first heard of `through`. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** The news up to `through`, if it was asked for. */
  readonly news?: RunNews | undefined;
  /** The metrics that `news` has; all where absent. */
  readonly keys?: ReadonlySet<string> | undefined;
}

/** By run id. */
const answers = new Map<string, Answer>();

function keepAnswer(runId: string, answer: Pick<Answer, "through" | "news" | "keys">): void {
  const now = Date.now();
  const before = answers.get(runId);
  const sinceMs = before?.through === answer.through ? before.sinceMs : now;
  remember(answers, runId, { ...answer, sinceMs, untilMs: now + HOLDS_MS }, MAX_REMEMBERED);
}

/**
 * A run's progress. It changes once more when the run has been quiet for as long as answers are held: a page that has read
 * the run in between may have got the held answer of another isolate, and reads the run again.
 */
function progressOf({ through, sinceMs }: Answer): number {
  return Date.now() - sinceMs < HOLDS_MS ? through : through + 0.5;
}

/**
 * The progress of live runs: for each run, a number that changes with every point. Writes nothing. A run is left out if its
 * object does not answer, or if the request has already asked as many objects as it may.
 */
export async function lastChangesOf(ctx: ServiceContext, runs: readonly RunPlace[]): Promise<Map<string, number>> {
  const now = Date.now();
  const found = new Map<string, number>();
  const unknown = runs.filter(({ runId }) => {
    const known = answers.get(runId);
    if (known === undefined || known.untilMs <= now) return true;
    found.set(runId, progressOf(known));
    return false;
  });
  const objects = groupByObject(unknown).slice(0, MAX_ASKED_OBJECTS);
  await forEachAtMost(OBJECTS_AT_A_TIME, objects, async (ofObject) => {
    try {
      for (const [runId, through] of await askLastChanges(ctx.env, ofObject)) {
        const { news, keys } = answers.get(runId) ?? {};
        // News stays as good as new while the run has no further point.
        keepAnswer(runId, { through, ...(news?.through === through && { news, keys }) });
        found.set(runId, progressOf(answers.get(runId)!));
      }
    } catch (error) {
      console.error("last change of", ofObject[0]?.runId, error);
    }
  });
  return found;
}

/** The remembered news of a run that has all of these metrics (all of the run's where absent), as new as a look would be. */
export function recentNews(runId: string, wanted: readonly string[] | undefined): RunNews | undefined {
  const { news, keys, untilMs } = answers.get(runId) ?? { untilMs: 0 };
  const hasAll = keys === undefined || (wanted?.every((key) => keys.has(key)) ?? false);
  return untilMs > Date.now() && hasAll ? news : undefined;
}

/** @param keys the metrics that `news` has; all where absent */
export function rememberNews(runId: string, news: RunNews, keys: readonly string[] | undefined): void {
  const characters = news.rows.reduce((sum, row) => sum + row.length, 0);
  if (characters > MAX_CHARACTERS) return;
  keepAnswer(runId, { through: news.through, news, keys: keys && new Set(keys) });
}

/** Forgets a run's remembered answer when this isolate sends points. */
export function forgetLastChange(runId: string): void {
  answers.delete(runId);
}
