import { infiniteQueryOptions } from "@tanstack/react-query";
import { getJson, postJson } from "./client.ts";

export type TrashKind = "run" | "experiment" | "logged_model";

/** A thing in the trash. Times are in ms since 1970. */
export interface TrashedThing {
  kind: TrashKind;
  id: string;
  name: string;
  experimentId: string;
  /** Undefined if the server does not know it. */
  deletedTime: number | undefined;
  /** Of an experiment; 0 for other things. */
  runs: number;
  loggedModels: number;
  /** Whether the reader may restore the thing and delete it for good. */
  mayManage: boolean;
  /** Why nobody can delete it for good now. */
  stays: string | undefined;
}

interface WireThing {
  run_id?: string;
  run_name?: string;
  model_id?: string;
  name?: string;
  experiment_id: string;
  deleted_time?: number;
  run_count?: number;
  logged_model_count?: number;
}

interface WirePage {
  things: (WireThing & { may_manage: boolean; stays?: string })[];
  next_page_token?: string;
}

export interface TrashPage {
  things: TrashedThing[];
  nextPageToken: string | undefined;
}

function fromWire(kind: TrashKind, wire: WirePage["things"][number]): TrashedThing {
  return {
    kind,
    id: wire.run_id ?? wire.model_id ?? wire.experiment_id,
    name: wire.run_name ?? wire.name ?? "",
    experimentId: wire.experiment_id,
    deletedTime: wire.deleted_time,
    runs: wire.run_count ?? 0,
    loggedModels: wire.logged_model_count ?? 0,
    mayManage: wire.may_manage,
    stays: wire.stays,
  };
}

/** @param experimentId limits the list to this experiment */
export async function listTrash(
  kind: TrashKind,
  experimentId: string | undefined,
  pageToken: string,
  signal?: AbortSignal,
): Promise<TrashPage> {
  const fields = { kind, experiment_ids: experimentId, page_token: pageToken || undefined };
  const page = await getJson<WirePage>("ui-api/trash", fields, signal);
  return { things: page.things.map((thing) => fromWire(kind, thing)), nextPageToken: page.next_page_token };
}

export const trashQuery = (kind: TrashKind, experimentId: string | undefined) =>
  infiniteQueryOptions({
    queryKey: ["trash", kind, experimentId],
    queryFn: ({ pageParam, signal }) => listTrash(kind, experimentId, pageParam, signal),
    initialPageParam: "",
    getNextPageParam: (page: TrashPage) => page.nextPageToken,
  });

/** The things that a purge deletes, by their ids, or the whole trash. */
export type PurgeScope = Partial<Record<"run_ids" | "experiment_ids" | "logged_model_ids", readonly string[]>> & {
  all?: true;
};

const LISTS = ["runs", "experiments", "logged_models"] as const;
type Counts = Record<(typeof LISTS)[number], number>;

export interface PurgeSize {
  /** Runs, including the runs of the experiments. */
  runs: number;
  experiments: number;
  loggedModels: number;
  files: number;
  bytes: number;
  points: number;
  /** Versions of registered models that were made from these things. They stay. */
  registeredVersions: number;
  /** URIs of files that the server does not delete. */
  leftUris: readonly string[];
  /** Things that stay, with the reason. */
  kept: readonly string[];
}

interface MeasuredThing extends WireThing {
  files: number;
  bytes: number;
  points: number;
  artifacts_left?: string;
  registered_versions?: number;
}

type MeasuredWire = Record<(typeof LISTS)[number], MeasuredThing[]> & {
  kept: (WireThing & { reason: string })[];
  next_page_token?: string;
};

type PurgedWire = Record<(typeof LISTS)[number], WireThing[]> & {
  kept: (WireThing & { reason: string })[];
  freed: { files: number; bytes: number };
  artifacts_left: string[];
  unfinished: Counts;
  failures: { kind: string; id: string; message: string }[];
  next_page_token?: string;
};

const NOTHING: PurgeSize = {
  ...{ runs: 0, experiments: 0, loggedModels: 0, files: 0, bytes: 0, points: 0, registeredVersions: 0 },
  ...{ leftUris: [], kept: [] },
};

function gc<Answer>(message: object, signal: AbortSignal): Promise<Answer> {
  return postJson<Answer>("ajax-api/2.0/trackflare/gc", message, signal);
}

/** Things that one call of the server takes. */
const IDS_PER_CALL = 1000;

/** The calls that a scope takes: each names as many things as the server accepts. */
function callsOf({ all, ...ids }: PurgeScope): object[] {
  if (all) return [{ all }];
  return Object.entries(ids).flatMap(([field, list]) =>
    Array.from({ length: Math.ceil(list.length / IDS_PER_CALL) }, (_, i) => ({
      [field]: list.slice(i * IDS_PER_CALL, (i + 1) * IDS_PER_CALL),
    })),
  );
}

const keptText = ({ run_name, name, reason }: MeasuredWire["kept"][number]): string =>
  `${run_name ?? name ?? ""}: ${reason}`;

/** Counts what a purge would delete. Changes nothing. `onProgress` hears the counts so far. */
export async function measurePurge(
  scope: PurgeScope,
  onProgress: (size: PurgeSize) => void,
  signal: AbortSignal,
): Promise<PurgeSize> {
  let size = NOTHING;
  // A large thing is spread over several pages, and counts once.
  const seen = new Set<string>();
  for (const call of callsOf(scope)) {
    for (let token: string | undefined = ""; token !== undefined; ) {
      const page: MeasuredWire = await gc({ ...call, dry_run: true, ...(token && { page_token: token }) }, signal);
      size = addMeasured(size, page, seen);
      onProgress(size);
      token = page.next_page_token;
    }
  }
  return size;
}

function addMeasured(before: PurgeSize, page: MeasuredWire, seen: Set<string>): PurgeSize {
  const size = { ...before, leftUris: [...before.leftUris], kept: [...before.kept, ...page.kept.map(keptText)] };
  for (const list of LISTS) {
    for (const thing of page[list]) {
      size.files += thing.files;
      size.bytes += thing.bytes;
      size.points += thing.points;
      const id = `${list} ${thing.run_id ?? thing.model_id ?? thing.experiment_id}`;
      if (seen.has(id)) continue;
      seen.add(id);
      size.registeredVersions += thing.registered_versions ?? 0;
      if (thing.artifacts_left !== undefined) size.leftUris.push(thing.artifacts_left);
      size.runs += list === "runs" ? 1 : (thing.run_count ?? 0);
      size.loggedModels += list === "logged_models" ? 1 : (thing.logged_model_count ?? 0);
      size.experiments += list === "experiments" ? 1 : 0;
    }
  }
  return size;
}

export interface PurgeProgress {
  /** Things that nobody sees any more: named runs, experiments and models. */
  gone: number;
  files: number;
  bytes: number;
  kept: readonly string[];
  failures: readonly string[];
  leftUris: readonly string[];
}

/**
 * Deletes for good, call by call, until the server has nothing left to do. It may be called again after any failure. An
 * aborted signal ends it after the current call. The server finishes by itself what it has begun.
 */
export async function purge(
  scope: PurgeScope,
  onProgress: (progress: PurgeProgress) => void,
  signal: AbortSignal,
): Promise<PurgeProgress> {
  let progress: PurgeProgress = { gone: 0, files: 0, bytes: 0, kept: [], failures: [], leftUris: [] };
  const step = async (message: object): Promise<PurgedWire> => {
    const answer = await gc<PurgedWire>(message, signal);
    progress = {
      gone: progress.gone + LISTS.reduce((sum, list) => sum + answer[list].length, 0),
      files: progress.files + answer.freed.files,
      bytes: progress.bytes + answer.freed.bytes,
      kept: [...progress.kept, ...answer.kept.map(keptText)],
      failures: answer.failures.map(({ id, message: why }) => `${id}: ${why}`),
      leftUris: [...progress.leftUris, ...answer.artifacts_left],
    };
    onProgress(progress);
    return answer;
  };
  for (const call of callsOf(scope)) {
    for (let token: string | undefined = ""; token !== undefined; ) {
      token = (await step({ ...call, ...(token && { page_token: token }) })).next_page_token;
    }
  }
  for (let left = Number.POSITIVE_INFINITY, before = left; left > 0; before = left) {
    const { unfinished, failures } = await step({});
    left = LISTS.reduce((sum, list) => sum + unfinished[list], 0);
    // The reader sees repeated failures. The server tries again at its next call.
    if (failures.length > 0 && left >= before) break;
  }
  return progress;
}

export function restoreLoggedModel(input: { model_id: string }): Promise<object> {
  return postJson("ajax-api/2.0/trackflare/logged-models/restore", input);
}
