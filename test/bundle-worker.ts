import { workerBundle } from "../src/cli/worker-bundle.ts";

/** Before the tests that start servers: bundles the Worker once, instead of each of them at the same time. */
export default async function bundleWorker(): Promise<void> {
  await workerBundle();
}
