import { isNewRunId } from "../domain/ids.ts";
import { listPage, listPages } from "../services/artifacts/list-artifacts.ts";
import type { ServiceContext } from "../services/context.ts";
import type { ListPage } from "../stores/artifacts/artifact-store.ts";
import { json, jsonStream } from "./respond.ts";
import { fileInfoToWire, filesToWire } from "./tracking.ts";

/** A folder to list: its object key, the root's URI if the answer includes it, and the folder's path below the root. */
export interface ListedFolder {
  readonly objectKey: string;
  /** Whether the answer leaves out the folders of runs. */
  readonly hidesRuns?: boolean;
  readonly rootUri?: string;
  readonly folder?: string;
}

/**
 * All files of a folder in one answer, because MLflow's clients ask for no second page. It is written page by page, because
 * a folder may hold more than fits into memory.
 */
export async function listingResponse(ctx: ServiceContext, listed: ListedFolder): Promise<Response> {
  const all = listPages(ctx, listed.objectKey);
  const pages = listed.hidesRuns ? withoutRuns(all) : all;
  const first = await pages.next();
  if (first.done || (first.value.next === undefined && first.value.files.length === 0)) return json(rootOf(listed));
  return await jsonStream(listingPieces(listed, first.value, pages));
}

/** One page of a folder, for callers that send a `page_token`. */
export async function listingPageResponse(ctx: ServiceContext, listed: ListedFolder, token: string): Promise<Response> {
  const { files, next } = await listPage(ctx, listed.objectKey, token === "" ? undefined : token);
  return json({
    ...rootOf(listed),
    ...filesToWire(files, listed.folder ?? ""),
    ...(next !== undefined && { next_page_token: next }),
  });
}

async function* withoutRuns(pages: AsyncIterable<ListPage>): AsyncGenerator<ListPage, void> {
  for await (const page of pages) {
    yield { ...page, files: page.files.filter(({ path, isDir }) => !(isDir && isNewRunId(path))) };
  }
}

async function* listingPieces(
  listed: ListedFolder,
  first: ListPage,
  others: AsyncGenerator<ListPage, void>,
): AsyncGenerator<string, void> {
  const start = JSON.stringify(rootOf(listed)).slice(0, -1);
  yield `${start}${start === "{" ? "" : ","}"files":[${piece(first, listed)}`;
  let isEmpty = first.files.length === 0;
  for await (const page of others) {
    if (page.files.length > 0) yield `${isEmpty ? "" : ","}${piece(page, listed)}`;
    isEmpty &&= page.files.length === 0;
  }
  yield "]}";
}

function piece({ files }: ListPage, { folder = "" }: ListedFolder): string {
  const below = folder === "" ? "" : `${folder}/`;
  return files.map((file) => JSON.stringify(fileInfoToWire({ ...file, path: below + file.path }))).join(",");
}

function rootOf({ rootUri }: ListedFolder): object {
  return rootUri === undefined ? {} : { root_uri: rootUri };
}
