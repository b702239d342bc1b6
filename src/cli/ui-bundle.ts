import { spawn } from "node:child_process";
import { once } from "node:events";
import { globSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import { currentBuild, ROOT, type SourceBuild } from "./source-build.ts";
import { UserError } from "./user-error.ts";

export const UI_BUILD: SourceBuild = {
  name: "ui",
  sources: ["src/cli/ui-bundle.ts", "ui/index.html", "ui/*.ts", "ui/public/*", "ui/src/**/*.*", "package-lock.json"],
  make: async (outdir) => {
    const vite = join(ROOT, "node_modules/vite/bin/vite.js");
    const child = spawn(
      process.execPath,
      [vite, "build", "ui", "--outDir", outdir, "--emptyOutDir", "--logLevel", "warn"],
      {
        cwd: ROOT,
        // Under a test runner it is "test", which bundles React for development: slower by far.
        env: { ...process.env, NODE_ENV: "production" },
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
    const [status] = await once(child, "close");
    if (status !== 0) throw new UserError("The web UI cannot be built from its sources: see above.");
    await compressFiles(outdir);
  },
};

/** 0.7 s for the whole UI. The highest, 11, takes 5 s of a first start for 8 % less. */
const BROTLI_QUALITY = 9;

/** Writes `<file>.br` and `<file>.gz` for every file that gets smaller; http/ui-files.ts chooses between them. */
async function compressFiles(folder: string): Promise<void> {
  const params = { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY };
  const compress = async (name: string) => {
    const path = join(folder, name);
    const bytes = await readFile(path);
    await Promise.all([
      promisify(brotliCompress)(bytes, { params }).then((packed) => writeFile(`${path}.br`, packed)),
      promisify(gzip)(bytes).then((packed) => writeFile(`${path}.gz`, packed)),
    ]);
  };
  await Promise.all(globSync("**/*.{js,mjs,css,html,svg}", { cwd: folder }).map(compress));
}

/**
 * The folder of the web UI's files, built from the current sources.
 * @throws {UserError} if the build fails.
 */
export function uiBundle(): Promise<string> {
  return currentBuild(UI_BUILD);
}
