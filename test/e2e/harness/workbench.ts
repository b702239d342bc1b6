import { type OurUi, startOurUi } from "./our-ui.ts";

/** The ids of the data that ui-workbench.seed.py logged. */
export interface WorkbenchSeed {
  readonly experiments: readonly [vision: string, speech: string];
  /** The runs of the first experiment. The first three have files. */
  readonly runs: readonly string[];
  readonly parent: string;
  readonly children: readonly string[];
  readonly speech: readonly string[];
  readonly failed: string;
  readonly running: string;
}

/** A server with the data of ui-workbench.seed.py. */
export const startWorkbench = (): Promise<OurUi<WorkbenchSeed>> =>
  startOurUi<WorkbenchSeed>(new URL("../ui-workbench.seed.py", import.meta.url));
