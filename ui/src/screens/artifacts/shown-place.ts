import { createContext, useContext } from "react";

/** The state of the shown file in the address. */
export interface ShownPlace {
  /** Which of its views. */
  show?: string | undefined;
  /** Of a text: from which byte, or its end. */
  from?: number | "end" | undefined;
  /** The words to find in a text. */
  find?: string | undefined;
  /** Of a series of images. */
  step?: number | undefined;
}

interface PlaceInAddress extends ShownPlace {
  change: (place: ShownPlace) => void;
  /** Shows another file. */
  open: (path: string) => void;
}

export const ShownPlaceContext = createContext<PlaceInAddress>({ change: () => {}, open: () => {} });

export function useShownPlace(): PlaceInAddress {
  return useContext(ShownPlaceContext);
}

/** The chosen view of a file. The default is the first view. */
export function useView<View extends string>(views: readonly View[]): [View, (view: View) => void] {
  const { show, change } = useShownPlace();
  return [views.find((view) => view === show) ?? views[0]!, (view) => change({ show: view })];
}
