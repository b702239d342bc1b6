import { artifactPlace, isServed, servedLocation } from "../../domain/artifact-location.ts";
import { invalidParameter } from "../../domain/errors.ts";
import { IncompleteUpload, storeFailed } from "../../stores/artifacts/artifact-errors.ts";
import type { Budget } from "../budget.ts";
import type { ServiceContext } from "../context.ts";
import { storeFile } from "./store-file.ts";

/** The path from the root to where the copying continues: each folder, the page of its list, and the entries done. */
export type FolderPosition = readonly (readonly [folder: string, page: string | null, done: number])[];

/** R2 and S3 take at most 5 GiB in one upload. */
const MAX_COPIED_BYTES = 5 * 2 ** 30;

/**
 * Copies the files of one artifact root to another, as many as the budget allows. Copying a file again changes nothing.
 * @param position where the previous call ended
 * @param left gets the URIs of files that are not copied
 * @returns where to continue; undefined if all files are copied
 */
export async function copyFolder(
  ctx: ServiceContext,
  { from, to }: { readonly from: string; readonly to: string },
  position: FolderPosition | undefined,
  left: string[],
  budget: Budget,
): Promise<FolderPosition | undefined> {
  const roots = [from, to].map((uri) => (isServed(uri) ? artifactPlace(uri) : undefined));
  const [source, target] = roots.map((place) => (place?.kind === "served" ? place.objectKey : undefined));
  if (source === undefined || target === undefined) {
    left.push(from);
    return undefined;
  }
  const stack = (position ?? [["", null, 0]]).map(([folder, page, done]) => ({ folder, page, done }));
  const here = (): FolderPosition => stack.map(({ folder, page, done }) => [folder, page, done]);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    if (budget.isSpent) return here();
    await budget.spend(1);
    checkFolder(top.folder);
    const list = await ctx.artifacts.list(join(source, top.folder), top.page ?? undefined);
    const entered = await copyPage(ctx, { source, target, page: list.files, at: top }, left, budget);
    if (entered === "spent") return here();
    if (entered !== undefined) {
      stack.push({ folder: entered, page: null, done: 0 });
    } else if (list.next === undefined) {
      stack.pop();
    } else {
      top.page = list.next;
      top.done = 0;
    }
  }
  return undefined;
}

interface PageCopy {
  readonly source: string;
  readonly target: string;
  readonly page: readonly { readonly path: string; readonly isDir: boolean }[];
  readonly at: { readonly folder: string; done: number };
}

/** @returns the first folder of the rest of the page, "spent" at the end of the budget, or undefined at the page's end */
async function copyPage(
  ctx: ServiceContext,
  { source, target, page, at }: PageCopy,
  left: string[],
  budget: Budget,
): Promise<string | undefined> {
  for (const { path, isDir } of page.slice(at.done)) {
    if (budget.isSpent) return "spent";
    const below = join(at.folder, path);
    at.done++;
    if (isDir) return below;
    await budget.spend(2);
    const file = await ctx.artifacts.get(join(source, below));
    // Somebody deleted the file meanwhile.
    if (file === undefined) continue;
    if (file.size > MAX_COPIED_BYTES) {
      await file.body.cancel();
      left.push(servedLocation(join(source, below)));
    } else {
      await storeFile(ctx, join(target, below), file.body, file.size, []).catch((error: unknown) => {
        // The body is the store's own, not a client's.
        throw error instanceof IncompleteUpload ? storeFailed(join(target, below)) : error;
      });
    }
  }
  return undefined;
}

const join = (folder: string, path: string) => [folder, path].filter((part) => part !== "").join("/");

/** A token names folders below the root only. */
function checkFolder(folder: unknown): void {
  const isBelow = typeof folder === "string" && !folder.split("/").some((part) => part === ".." || part === ".");
  if (!isBelow) throw invalidParameter("Invalid page token.");
}
