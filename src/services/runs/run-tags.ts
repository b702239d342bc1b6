import type { KeyValue } from "../../domain/entities.ts";
import { doesNotExist } from "../../domain/errors.ts";
import { checkKey, storedTagValue } from "../../domain/names.ts";
import { guardRunActive } from "../../stores/d1/connection/guard.ts";
import { deleteRunTag as deleteTagRow } from "../../stores/d1/runs/run-tags.ts";
import type { ServiceContext } from "../context.ts";
import { tellDataChanged } from "../live/watchers.ts";
import { guarded, writeRows } from "./write-rows.ts";

export async function setRunTag(ctx: ServiceContext, runId: string, tag: KeyValue): Promise<void> {
  await writeRows(ctx, runId, { tags: [checkRunTag(tag)] });
}

export async function deleteRunTag(ctx: ServiceContext, runId: string, key: string): Promise<void> {
  const { isDeleted, livePlace } = await guarded(ctx, runId, [], () =>
    deleteTagRow(ctx.writes, guardRunActive(ctx.writes, runId), runId, key),
  );
  if (!isDeleted) throw doesNotExist(`No tag with name: ${key} in run with id ${runId}`);
  if (livePlace !== undefined) tellDataChanged(ctx, livePlace);
}

/** Checks a run tag by MLflow's rules, and cuts its value to the length that MLflow stores. */
export function checkRunTag(tag: KeyValue): KeyValue {
  checkKey("tag", tag.key);
  return { key: tag.key, value: storedTagValue(tag) };
}
