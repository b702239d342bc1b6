import { uiBundle } from "../src/cli/ui-bundle.ts";
import { workerBundle } from "../src/cli/worker-bundle.ts";

/** Before the tests that start servers: bundles Worker and UI once, instead of each of them at the same time. */
export default async function bundleWorker(): Promise<void> {
  await uiBundle();
  await workerBundle();
}
