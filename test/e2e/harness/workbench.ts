import { type OurUi, startOurUi } from "./our-ui.ts";

/** What ui-workbench.seed.py logged. */
export interface WorkbenchSeed {
  readonly experiments: readonly [vision: string, speech: string];
  /** Of the first experiment; the first three have files. */
  readonly runs: readonly string[];
  readonly parent: string;
  readonly children: readonly string[];
  readonly speech: readonly string[];
  readonly failed: string;
  readonly running: string;
}

/** A server with what ui-workbench.seed.py logs. */
export const startWorkbench = (): Promise<OurUi<WorkbenchSeed>> =>
  startOurUi<WorkbenchSeed>(new URL("../ui-workbench.seed.py", import.meta.url));
