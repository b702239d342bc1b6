import { type AskedFile, findArtifact } from "../services/artifacts/artifact-access.ts";
import { readFile } from "../services/artifacts/near-files.ts";
import { presignDownload } from "../services/artifacts/presigned.ts";
import type { ServiceContext } from "../services/context.ts";
import type { DownloadHeaders, RangeRequest } from "../stores/artifacts/artifact-store.ts";
import { json } from "./respond.ts";
import { SIGNED_FILES, signedAddress } from "./signed-addresses.ts";

/** Files that MLflow serves as text, by extension or by whole name (`mlflow/utils/mime_type_utils.py`). */
const TEXT_FILES = new Set(
  (
    "txt log err cfg conf cnf cf ini properties prop hocon toml yaml yml xml json js py py3 csv tsv md rst ipynb " +
    "MLmodel MLproject"
  ).split(" "),
);

/** Images without scripts. Everything else, such as HTML, SVG and PDF, is served as bytes: uploaders choose stored types. */
const IMAGE_TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
};

/** A browser may keep a file, but must revalidate it each time: the file may change, and the reader may lose access. */
const CACHING = { "Cache-Control": "private, no-cache", Vary: "Authorization, Cookie" };

/** What a logged file may do in a browser: nothing, not even be read by another site. */
const HARMLESS = {
  "X-Content-Type-Options": "nosniff",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Content-Security-Policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
};

/** Whether an `If-None-Match` list contains the etag. Weak etags match too (RFC 9110 §13.1.2). */
function isAmong(etag: string, list: string): boolean {
  const tags: readonly string[] = list.match(/"[^"]*"/g) ?? [];
  return list.trim() === "*" || tags.includes(etag.replace(/^W\//, ""));
}

/**
 * Streams the requested file, or the range of it that the request asks for.
 * @throws MlflowError RESOURCE_DOES_NOT_EXIST, RANGE_NOT_SATISFIABLE.
 */
export async function artifactResponse(ctx: ServiceContext, request: Request, asked: AskedFile): Promise<Response> {
  const known = request.headers.get("If-None-Match");
  if (known !== null) {
    const { found } = await findArtifact(ctx, asked, (key) => ctx.artifacts.head(key));
    if (isAmong(found.etag, known)) {
      return new Response(null, { status: 304, headers: { ...CACHING, ...HARMLESS, ETag: found.etag } });
    }
  }
  const range = parseRange(request.headers.get("Range"));
  const read = (of: RangeRequest | undefined) => findArtifact(ctx, asked, (key) => readFile(ctx, key, of));
  const { objectKey, found } = await read(range);
  let object = found;
  const ifRange = request.headers.get("If-Range");
  if (object.range && ifRange !== null && ifRange !== object.etag) {
    // The client holds a part of another version of the file, so it must get this version whole.
    await object.body.cancel();
    object = (await read(undefined)).found;
  }
  const { body, size, etag, range: held } = object;
  const { contentType, contentDisposition } = downloadHeaders(objectKey);
  const headers = new Headers({
    "Content-Type": contentType,
    "Content-Disposition": contentDisposition,
    "Content-Length": String(held?.length ?? size),
    ETag: etag,
    "Accept-Ranges": "bytes",
    ...CACHING,
    ...HARMLESS,
  });
  if (held) headers.set("Content-Range", `bytes ${held.offset}-${held.offset + held.length - 1}/${size}`);
  return new Response(body, { status: held ? 206 : 200, headers });
}

/**
 * A presigned address from which the client fetches the file itself, several parts at once.
 * @throws MlflowError as {@link presignDownload}.
 */
export async function presignedResponse(ctx: ServiceContext, request: Request, asked: AskedFile): Promise<Response> {
  const place = await presignDownload(ctx, asked, downloadHeaders);
  const url = "url" in place ? place.url : signedAddress(request, SIGNED_FILES, place.objectKey, place.query);
  return json({ url, headers: {}, file_size: place.size });
}

/** The type and name under which a file is downloaded. */
export function downloadHeaders(objectKey: string): DownloadHeaders {
  const fileName = objectKey.slice(objectKey.lastIndexOf("/") + 1);
  return { contentDisposition: dispositionOf(fileName), contentType: contentTypeOf(fileName) };
}

function contentTypeOf(fileName: string): string {
  const dot = fileName.lastIndexOf(".");
  const extension = dot > 0 ? fileName.slice(dot + 1) : fileName;
  if (TEXT_FILES.has(extension)) return "text/plain";
  return IMAGE_TYPES[extension.toLowerCase()] ?? "application/octet-stream";
}

/** The header for a download under the file's own name (RFC 6266): an ASCII name for old clients, and the exact name. */
export function dispositionOf(fileName: string): string {
  const ascii = fileName.replace(/[^ -~]|["\\%]/gu, "_");
  const exact = encodeURIComponent(fileName).replace(
    /['()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${exact}`;
}

/** The single range in the header. Several ranges, or other units than bytes, count as no range (RFC 9110 §14.2). */
function parseRange(header: string | null): RangeRequest | undefined {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header?.trim() ?? "");
  if (!match) return undefined;
  const [, first = "", last = ""] = match;
  if (first === "") return last === "" ? undefined : { suffix: Number(last) };
  if (last === "") return { offset: Number(first) };
  const length = Number(last) - Number(first) + 1;
  return length > 0 ? { offset: Number(first), length } : undefined;
}
