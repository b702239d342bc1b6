import { listArtifacts } from "../../../api/artifacts.ts";
import { folderOf, foldersFirst, kindOf } from "../../artifacts/file-kinds.ts";
import { isSmallCopy, seriesImage } from "../../artifacts/image-series.ts";

/** Folders of a run that are looked into: it may have thousands. */
const MAX_FOLDERS = 40;
/** The number of runs whose files are listed. The other runs mostly have the same files. */
export const MAX_LOOKED = 12;

/** A file, or a series of images, that some runs have under the same path. */
export interface SharedFile {
  readonly kind: "image" | "series" | "text" | "media" | "other";
  /** Of a series its folder, a space and its key. */
  readonly name: string;
  /** Of the first run's file; of a series, that of one of its images. */
  readonly path: string;
  readonly runIds: readonly string[];
  /** Whether the sizes already tell that the files differ. */
  readonly differs: boolean;
}

export interface SharedFiles {
  readonly files: readonly SharedFile[];
  /** Some runs have more folders than were looked into. */
  readonly isCut: boolean;
}

interface Found {
  readonly kind: SharedFile["kind"];
  readonly path: string;
  readonly size: number | undefined;
}

/** Files that can be shown side by side. Files of most runs come first. */
export async function findSharedFiles(runIds: readonly string[], signal: AbortSignal): Promise<SharedFiles> {
  const all = new Map<string, { first: Found; runIds: string[]; sizes: Set<number | undefined> }>();
  let isCut = false;
  const runs = await Promise.all(
    runIds.slice(0, MAX_LOOKED).map(async (runId) => ({ runId, found: await filesOf(runId, signal) })),
  );
  for (const { runId, found } of runs) {
    isCut ||= found.isCut;
    for (const [name, file] of found.files) {
      const known = all.get(name) ?? { first: file, runIds: [], sizes: new Set<number | undefined>() };
      known.runIds.push(runId);
      known.sizes.add(file.size);
      all.set(name, known);
    }
  }
  const files = [...all].map(([name, { first, runIds: having, sizes }]) => ({
    ...{ kind: first.kind, name, path: first.path, runIds: having },
    differs: first.kind === "text" && sizes.size > 1,
  }));
  return { files: files.sort((a, b) => b.runIds.length - a.runIds.length || (a.name < b.name ? -1 : 1)), isCut };
}

function kindOfFile(path: string): SharedFile["kind"] {
  switch (kindOf(path)) {
    case "image":
    case "svg":
      return "image";
    case "audio":
    case "video":
      return "media";
    case "text":
    case "json":
    case "geojson":
    case "markdown":
    case "csv":
    case "html":
      return "text";
    default:
      return "other";
  }
}

/** A run's files by name, level by level, each series of images once. */
async function filesOf(runId: string, signal: AbortSignal) {
  const files = new Map<string, Found>();
  const folders = [""];
  for (let next = 0; next < Math.min(folders.length, MAX_FOLDERS); next++) {
    const list = await listArtifacts({ kind: "run", runId }, folders[next]!, signal);
    for (const { path, is_dir, file_size } of foldersFirst(list.files)) {
      if (is_dir) folders.push(path);
      else if (!isSmallCopy(path)) {
        const series = seriesImage(path);
        if (series === undefined) files.set(path, { kind: kindOfFile(path), path, size: file_size });
        else {
          const name = `${folderOf(path)} ${series.key}`;
          if (!files.has(name)) files.set(name, { kind: "series", path, size: undefined });
        }
      }
    }
  }
  return { files, isCut: folders.length > MAX_FOLDERS };
}
