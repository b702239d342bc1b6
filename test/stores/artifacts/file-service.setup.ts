import { once } from "node:events";
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createFileService } from "../../../src/cli/file-service.ts";

/** The socket of the tests' file service. The configuration and this set-up run in one process. */
export const FILES_SOCKET = join(tmpdir(), `trackflare-test-files-${process.pid}.sock`);

/** The folder that it serves. The runtime's disk service reads the same folder as the binding DISK. */
export const FILES_FOLDER = join(tmpdir(), `trackflare-test-files-${process.pid}`);

/** Writes `large/5GB`: zeros that take no room, TRUE at the end, and LIES where a place of 32 bits would lead. */
function writeLargeFile(): void {
  const size = 5_000_000_000;
  mkdirSync(join(FILES_FOLDER, "large"));
  const file = openSync(join(FILES_FOLDER, "large/5GB"), "w");
  writeSync(file, "TRUE", size - 4);
  writeSync(file, "LIES", size - 4 - 2 ** 32);
  closeSync(file);
}

/** Starts the local file service for tests in workerd. It is their binding FILES. */
export default async function setup(): Promise<() => Promise<void>> {
  // A run that was killed may have left them, if its process had the same id.
  for (const path of [FILES_SOCKET, FILES_FOLDER]) rmSync(path, { recursive: true, force: true });
  const service = createFileService(FILES_FOLDER);
  writeLargeFile();
  service.listen(FILES_SOCKET);
  await once(service, "listening");
  return async () => {
    service.closeAllConnections();
    service.close();
    await once(service, "close");
    rmSync(FILES_FOLDER, { recursive: true, force: true });
  };
}
