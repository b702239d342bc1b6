import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { renameDurably, syncTree } from "./durable-rename.ts";

/** The root folder of the clone or of the installed package, whatever the working directory is. */
export const ROOT = join(import.meta.dirname, "../..");

/** An installed package has no sources: its builds were made when it was packed (scripts/build-package.ts). */
const PACKED = join(ROOT, "lib");
const isPackage = !existsSync(join(ROOT, "src"));

const KEEP_BUILDS_MS = 3_600_000;

export interface SourceBuild {
  /** The folder's name: builds are in `dist/<name>`, and a package has its build in `lib/<name>`. */
  readonly name: string;
  /** Patterns of all sources of a build, relative to {@link ROOT}. */
  readonly sources: readonly string[];
  readonly exclude?: readonly string[];
  /** Builds the current sources into an empty folder. */
  readonly make: (outdir: string) => Promise<void>;
}

/**
 * The build of the current sources. It is in a folder that is named after the sources' hash. In a package, the build that
 * the package contains.
 * @returns the folder's path.
 */
export async function currentBuild(build: SourceBuild): Promise<string> {
  if (isPackage) return join(PACKED, build.name);
  const current = pathOf(build);
  return existsSync(current) ? current : await makeBuild(build);
}

function pathOf(build: SourceBuild): string {
  return join(ROOT, "dist", build.name, sourceHash(build));
}

/** Tells one state of a build's sources from another: 16 hex digits. */
export function sourceHash({ sources, exclude = [] }: SourceBuild): string {
  const hash = createHash("sha256");
  for (const file of globSync(sources, { cwd: ROOT, exclude }).sort()) {
    hash
      .update(`${file}\0`)
      .update(readFileSync(join(ROOT, file)))
      .update("\0");
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * Builds aside and renames, so that a build is whole or absent and two builders do not meet.
 * @returns where the build is, which another name says if the sources changed meanwhile.
 */
async function makeBuild(build: SourceBuild): Promise<string> {
  const folder = join(ROOT, "dist", build.name);
  mkdirSync(folder, { recursive: true });
  removeOldBuilds(folder);
  for (;;) {
    const path = pathOf(build);
    const aside = mkdtempSync(join(folder, "new-"));
    try {
      await build.make(aside);
    } catch (error) {
      rmSync(aside, { recursive: true });
      throw error;
    }
    if (path === pathOf(build)) {
      // A build stays until its sources change, so a power cut must not leave a build with empty files.
      syncTree(aside);
      moveIntoPlace(aside, path);
      return path;
    }
    rmSync(aside, { recursive: true });
  }
}

function moveIntoPlace(aside: string, path: string): void {
  try {
    renameDurably(aside, path);
  } catch (error) {
    rmSync(aside, { recursive: true });
    if (!existsSync(path)) throw error;
  }
}

/** Another start may be about to read an older build, so builds of the last hour stay. */
function removeOldBuilds(folder: string): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (Date.now() - statSync(path).mtimeMs > KEEP_BUILDS_MS) rmSync(path, { recursive: true, force: true });
  }
}
