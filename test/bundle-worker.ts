import { uiBundle } from "../src/cli/ui-bundle.ts";
import { workerBundle } from "../src/cli/worker-bundle.ts";

/** Bundles the Worker and the UI once, before tests start servers. Otherwise each server would build both at the same time. */
export default async function bundleWorker(): Promise<void> {
  await uiBundle();
  await workerBundle();
}
