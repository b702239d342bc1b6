import bundleWorker from "./bundle-worker.ts";
import setUpBrowsers from "./e2e/harness/e2e.setup.ts";

/* What the tests' own set-ups do one after the other, at a time when npm test waits for Python's packages. */

await setUpBrowsers();
await bundleWorker();
