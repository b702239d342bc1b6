import { workerBundle } from "../../../src/cli/worker-bundle.ts";
import { installedBrowser } from "./browser.ts";
import { installedFirefox } from "./firefox.ts";

/** Before all tests in a browser: bundles the Worker and installs a browser, once instead of in each of them. */
export default async function setup(): Promise<void> {
  installedBrowser();
  installedFirefox();
  await workerBundle();
}
