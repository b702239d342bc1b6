import { postJson } from "./client.ts";

const PATH = "ajax-api/2.0/trackflare/runs";

/** Runs that one request takes. */
const RUNS_PER_CALL = 100;

function* slices(runIds: readonly string[]): Generator<readonly string[]> {
  for (let from = 0; from < runIds.length; from += RUNS_PER_CALL) yield runIds.slice(from, from + RUNS_PER_CALL);
}

export interface Transfer {
  runIds: readonly string[];
  experimentId: string;
  /** Called with the number of runs that are at their new place. */
  onProgress: (done: number) => void;
}

/** Moves runs with their logged models to another experiment, under their own ids. It may be called again after a failure. */
export async function moveRuns({ runIds, experimentId, onProgress }: Transfer): Promise<void> {
  let done = 0;
  for (const run_ids of slices(runIds)) {
    await postJson(`${PATH}/move`, { run_ids, experiment_id: experimentId });
    done += run_ids.length;
    onProgress(done);
  }
}

interface CopyAnswer {
  runs: { run_id: string; source_run_id: string }[];
  artifacts_left: string[];
  next_page_token?: string;
}

/**
 * Copies runs with history, files and logged models, under new ids.
 * @param copyId identifies the copying: a call with the same id continues it after a failure
 * @returns the URIs of files that the server cannot copy
 */
export async function copyRuns({ runIds, experimentId, onProgress }: Transfer, copyId: string): Promise<string[]> {
  const left: string[] = [];
  let done = 0;
  for (const run_ids of slices(runIds)) {
    for (let page_token: string | undefined; ; ) {
      const message = { run_ids, experiment_id: experimentId, copy_id: copyId, page_token };
      const answer: CopyAnswer = await postJson<CopyAnswer>(`${PATH}/copy`, message);
      left.push(...answer.artifacts_left);
      page_token = answer.next_page_token;
      if (page_token === undefined) break;
    }
    done += run_ids.length;
    onProgress(done);
  }
  return left;
}
