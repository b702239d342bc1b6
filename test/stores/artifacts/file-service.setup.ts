import { once } from "node:events";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileService } from "../../../src/cli/file-service.ts";

/** Where the tests' file service listens; the configuration and this set-up run in one process. */
export const FILES_SOCKET = join(tmpdir(), `trackflare-test-files-${process.pid}.sock`);

/** What it serves, which the runtime's disk service also reads, as the binding DISK. */
export const FILES_FOLDER = join(tmpdir(), `trackflare-test-files-${process.pid}`);

/** Starts the local file service for tests in workerd, which reach it as the binding FILES. */
export default async function setup(): Promise<() => Promise<void>> {
  const service = createFileService(FILES_FOLDER);
  service.listen(FILES_SOCKET);
  await once(service, "listening");
  return async () => {
    service.closeAllConnections();
    service.close();
    await once(service, "close");
    rmSync(FILES_FOLDER, { recursive: true, force: true });
  };
}
