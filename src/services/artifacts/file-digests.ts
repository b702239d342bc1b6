import { deleteDigests, type StoredDigest, writeDigests } from "../../stores/d1/artifacts/digests.ts";
import type { ServiceContext } from "../context.ts";

/** How long the digests of files are gathered for one write, which costs a commit however many they are. */
const GATHER_MS = 250;
/** A write that is this old has no more to gather: whoever was to make it is gone. */
const LOST_MS = 5_000;
const MAX_GATHERED = 1_000;

/** The digests of files that were stored lately, by object key, which one request writes for all. */
interface Gathering {
  readonly sinceMs: number;
  readonly digests: Map<string, StoredDigest>;
}

let gathering: Gathering | undefined;

/**
 * Records a file's SHA-256 soon after the answer, where both it and the ETag are known. Digests of files that arrive
 * together are one write.
 */
export function recordDigest(ctx: ServiceContext, objectKey: string, etag: string, sha256: string | undefined): void {
  if (!sha256 || etag === "") return;
  const digest = { objectKey, etag, sha256 };
  const isOpen =
    gathering !== undefined && gathering.digests.size < MAX_GATHERED && Date.now() - gathering.sinceMs < LOST_MS;
  if (gathering !== undefined && isOpen) {
    gathering.digests.set(objectKey, digest);
    return;
  }
  const begun = { sinceMs: Date.now(), digests: new Map([[objectKey, digest]]) };
  gathering = begun;
  ctx.waitUntil(writeGathered(ctx, begun).catch((error: unknown) => console.error("The SHA-256 of", objectKey, error)));
}

async function writeGathered(ctx: ServiceContext, begun: Gathering): Promise<void> {
  await scheduler.wait(GATHER_MS);
  if (gathering === begun) gathering = undefined;
  if (begun.digests.size > 0) await writeDigests(ctx.writes, [...begun.digests.values()]);
}

/** After the answer, removes what is recorded of deleted files. A record that stays says nothing: its ETag is no file's. */
export function forgetDigests(ctx: ServiceContext, objectKey: string): void {
  dropGathered(objectKey);
  const deleting = deleteDigests(ctx.writes, objectKey);
  ctx.waitUntil(deleting.catch((error: unknown) => console.error("The SHA-256 of", objectKey, error)));
}

/** Files that are deleted, one or all of a folder, are not recorded any more. */
export function dropGathered(objectKey: string): void {
  for (const key of gathering?.digests.keys() ?? []) {
    if (key === objectKey || key.startsWith(`${objectKey}/`)) gathering?.digests.delete(key);
  }
}
