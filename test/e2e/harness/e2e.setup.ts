import { workerBundle } from "../../../src/cli/worker-bundle.ts";
import { installedBrowser } from "./browser.ts";
import { installedFirefox } from "./firefox.ts";

/** Bundles the Worker and installs a browser once, before all tests in a browser. */
export default async function setup(): Promise<void> {
  installedBrowser();
  installedFirefox();
  await workerBundle();
}
