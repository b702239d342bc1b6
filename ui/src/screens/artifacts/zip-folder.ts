import { artifactUrl, listArtifacts } from "../../api/artifacts.ts";
import { request } from "../../api/client.ts";
import type { FileInfo } from "../../api/wire.ts";
import { formatBytes, formatCount } from "../../parts/format.ts";
import type { FilesRoot } from "./run-image.tsx";
import { MAX_ZIP_BYTES, MAX_ZIP_FILES, ZipWriter } from "./zip.ts";

/**
 * A folder with all below it as a ZIP file, whose paths begin with the folder's name.
 * @param onFile with the number of files so far.
 * @throws Error where it is larger than a page should hold.
 */
export async function zipFolder(
  root: FilesRoot,
  folder: string,
  onFile: (files: number) => void,
  signal: AbortSignal,
): Promise<Blob> {
  const files = await filesBelow(root, folder, signal);
  const total = files.reduce((sum, { file_size = 0 }) => sum + file_size, 0);
  if (total > MAX_ZIP_BYTES) {
    throw new Error(
      `It has ${formatBytes(total)}, more than ${formatBytes(MAX_ZIP_BYTES)}: use mlflow.artifacts.download_artifacts.`,
    );
  }
  const zip = new ZipWriter();
  const above = folder.lastIndexOf("/") + 1;
  for (const [index, { path }] of files.entries()) {
    const bytes = await (await request(artifactUrl(root, path), { signal })).arrayBuffer();
    zip.add(path.slice(above), new Uint8Array(bytes));
    onFile(index + 1);
  }
  return zip.end();
}

async function filesBelow(root: FilesRoot, folder: string, signal: AbortSignal): Promise<FileInfo[]> {
  const found: FileInfo[] = [];
  const folders = [folder];
  for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
    for (const file of (await listArtifacts(root, next, signal)).files) {
      if (file.is_dir) folders.push(file.path);
      else found.push(file);
    }
    if (found.length > MAX_ZIP_FILES) {
      throw new Error(`It has more than ${formatCount(MAX_ZIP_FILES)} files: use mlflow.artifacts.download_artifacts.`);
    }
  }
  return found;
}
