import { execFileSync, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/*
 * `npm run test:versitygw`: the tests of artifacts in S3 over versitygw, which checks what rclone's server does not: regions,
 * checksums, sizes and numbers of parts. It needs Go on the PATH, or a versitygw that VERSITYGW names.
 */

const VERSION = "v1.8.0";
const ROOT = join(import.meta.dirname, "..");

function versitygw(): string {
  if (process.env.VERSITYGW !== undefined) return process.env.VERSITYGW;
  const folder = join(ROOT, ".venv", `versitygw-${VERSION}`);
  const program = join(folder, "versitygw");
  if (!existsSync(program)) {
    execFileSync("go", ["install", `github.com/versity/versitygw/cmd/versitygw@${VERSION}`], {
      env: { ...process.env, GOBIN: folder },
      stdio: "inherit",
    });
  }
  return program;
}

const { status } = spawnSync(
  process.execPath,
  [
    ...[join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "--config", "test/vitest.config.ts"],
    ...["--project", "workerd", "test/stores/artifacts/s3", "test/services/artifacts/integrity.test.ts"],
  ],
  { cwd: ROOT, env: { ...process.env, TRACKFLARE_TEST_VERSITYGW: versitygw() }, stdio: "inherit" },
);
process.exit(status ?? 1);
