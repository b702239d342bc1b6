import type { ListPage } from "../../stores/artifacts/artifact-store.ts";
import type { ServiceContext } from "../context.ts";

/** Maximum number of files and folders in one page, for callers who ask for pages. */
const MAX_PAGE = 10_000;

/** The pages of a folder as the store returns them, one in memory at a time. */
export async function* listPages(
  ctx: ServiceContext,
  objectKey: string,
  from?: string,
): AsyncGenerator<ListPage, void> {
  let next = from;
  do {
    const page = await ctx.artifacts.list(objectKey, next);
    yield page;
    next = page.next;
  } while (next !== undefined);
}

/** The keys of all files below a folder, folder by folder, with one page of each in memory. */
export async function* filesBelow(ctx: ServiceContext, objectKey: string): AsyncGenerator<string, void> {
  for await (const { files } of listPages(ctx, objectKey)) {
    for (const { path, isDir } of files) {
      const key = `${objectKey}/${path}`;
      if (isDir) yield* filesBelow(ctx, key);
      else yield key;
    }
  }
}

/**
 * The next page of a folder for a caller who asks page by page.
 * @param from `next` of the previous page; undefined for the first page.
 */
export async function listPage(ctx: ServiceContext, objectKey: string, from: string | undefined): Promise<ListPage> {
  const files: ListPage["files"][number][] = [];
  for await (const page of listPages(ctx, objectKey, from)) {
    files.push(...page.files);
    if (page.next !== undefined && files.length >= MAX_PAGE) return { files, next: page.next };
  }
  return { files };
}
