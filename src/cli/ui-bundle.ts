import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { currentBuild, ROOT, type SourceBuild } from "./source-build.ts";
import { UserError } from "./user-error.ts";

const BUNDLE: SourceBuild = {
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
  },
};

/**
 * The folder of the web UI's files, built from the sources as they are now.
 * @throws {UserError} if they do not build.
 */
export function uiBundle(): Promise<string> {
  return currentBuild(BUNDLE);
}
