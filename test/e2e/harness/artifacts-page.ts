import { type OpenedPage, type OurUi, startOurUi } from "./our-ui.ts";

/** The ids of the data that ui-artifacts.seed.py logged. */
export interface ArtifactsSeed {
  readonly experimentId: string;
  readonly run: string;
  readonly other: string;
  readonly empty: string;
  readonly hostileFile: string;
}

/** A server with the data of ui-artifacts.seed.py. */
export const startArtifacts = (): Promise<OurUi<ArtifactsSeed>> =>
  startOurUi<ArtifactsSeed>(new URL("../ui-artifacts.seed.py", import.meta.url));

export const pathOf = ({ seed }: OurUi<ArtifactsSeed>, path: string, search = "") =>
  `/experiments/${seed.experimentId}/runs/${seed.run}?tab=artifacts&path=${encodeURIComponent(path)}${search}`;

export const openFile = (ui: OurUi<ArtifactsSeed>, path: string, search = ""): Promise<OpenedPage> =>
  ui.open(pathOf(ui, path, search));
