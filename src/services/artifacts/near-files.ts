import type { RangeRequest, StoredObject } from "../../stores/artifacts/artifact-store.ts";
import { rangeHeader } from "../../stores/artifacts/ranges.ts";
import type { ServiceContext } from "../context.ts";

/*
 * Files near the reader: the cache of the data center that serves a download keeps what the bucket has sent there (Cache
 * API). A caller is authorized before the cache is asked. An entry names the version of its bytes, and is sent only if the
 * bucket says at that moment that the file still has this version. So one call of the bucket serves each download, as without
 * a cache; on a hit its answer has no bytes.
 */

/** Smaller downloads gain nothing: their bytes come with the bucket's answer about the version. */
export const LEAST_BYTES = 1024 * 1024;

/** The largest file that the cache takes on every plan (developers.cloudflare.com/workers/platform/limits). */
const MOST_BYTES = 512 * 1024 * 1024;

/** The cache drops what is not used long before. */
const KEPT_SECONDS = 30 * 24 * 60 * 60;

const MOST_REFUSED = 1000;

/** Entries that this isolate is writing now. */
const beingKept = new Set<string>();

/** Entries that the cache did not take, so that each download does not read the file a second time in vain. */
const refused = new Set<string>();

/** The file at `key`, or a range of it, as `ctx.artifacts.get` has it. */
export async function readFile(
  ctx: ServiceContext,
  key: string,
  range: RangeRequest | undefined,
): Promise<StoredObject | undefined> {
  const store = ctx.artifacts;
  const entry = ctx.cachedFiles && `${ctx.cachedFiles}${key.split("/").map(encodeURIComponent).join("/")}`;
  if (entry === undefined || store.getUnlessHeld === undefined) return await store.get(key, range);
  const cache = await caches.open("trackflare-artifacts");
  const held = await heldFile(cache, entry, range);
  const found = held ? await store.getUnlessHeld(key, held.etag, range) : await store.get(key, range);
  if (found === "held") return held;
  await held?.body.cancel();
  // A store that knows no condition sends what the cache has.
  if (found !== undefined && found.etag !== held?.etag) keep(ctx, cache, entry, key, found);
  return found;
}

/** What the cache has of a file; undefined where it has nothing, or nothing that a range could be taken from. */
async function heldFile(
  cache: Cache,
  entry: string,
  range: RangeRequest | undefined,
): Promise<StoredObject | undefined> {
  const answer = await cache.match(new Request(entry, range && { headers: { Range: rangeHeader(range) } }));
  const etag = answer?.headers.get("ETag");
  if (!answer?.body || !etag) return undefined;
  const whole = answer.status === 200 && Number(answer.headers.get("Content-Length"));
  if (whole && range === undefined) return { body: answer.body, size: whole, etag };
  const [, first, last, size] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(answer.headers.get("Content-Range") ?? "") ?? [];
  if (answer.status === 206 && range !== undefined && size !== undefined) {
    const offset = Number(first);
    return { body: answer.body, size: Number(size), etag, range: { offset, length: Number(last) - offset + 1 } };
  }
  await answer.body.cancel();
  return undefined;
}

/** Reads the whole file once more after the answer, for the cache: a copy of the client's stream would wait in memory. */
function keep(
  ctx: ServiceContext,
  cache: Cache,
  entry: string,
  key: string,
  { size, range, etag }: StoredObject,
): void {
  const version = `${entry} ${etag}`;
  const isWorthwhile = (range?.length ?? size) >= LEAST_BYTES && size <= MOST_BYTES;
  // A weak ETag, or none, does not name bytes.
  if (!isWorthwhile || !etag.startsWith('"') || beingKept.has(version) || refused.has(version)) return;
  beingKept.add(version);
  const keeping = async () => {
    try {
      const file = await ctx.artifacts.get(key);
      if (file === undefined) return;
      const headers = {
        ETag: file.etag,
        "Content-Length": String(file.size),
        "Cache-Control": `max-age=${KEPT_SECONDS}`,
      };
      await cache.put(entry, new Response(file.body, { headers }));
      const kept = await cache.match(entry);
      await kept?.body?.cancel();
      if (kept === undefined) refuse(version);
    } catch (error) {
      refuse(version);
      console.error("The cache did not take", key, error);
    } finally {
      beingKept.delete(version);
    }
  };
  ctx.waitUntil(keeping());
}

function refuse(version: string): void {
  if (refused.size >= MOST_REFUSED) refused.clear();
  refused.add(version);
}
