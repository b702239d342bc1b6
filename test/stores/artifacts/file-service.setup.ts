import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileService } from "../../../src/cli/file-service.ts";

/** Where the tests' file service listens; the configuration and this set-up run in one process. */
export const FILES_SOCKET = join(tmpdir(), `trackflare-test-files-${process.pid}.sock`);

/** Starts the local file service for tests in workerd, which reach it as the binding FILES. */
export default async function setup(): Promise<() => Promise<void>> {
  const folder = mkdtempSync(join(tmpdir(), "trackflare-test-files-"));
  const service = createFileService(folder);
  service.listen(FILES_SOCKET);
  await once(service, "listening");
  return async () => {
    service.closeAllConnections();
    service.close();
    await once(service, "close");
    rmSync(folder, { recursive: true, force: true });
  };
}
