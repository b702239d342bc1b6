import { createContext, useContext } from "react";

/** What the address holds of the file that is shown. */
export interface ShownPlace {
  /** Which of its views. */
  show?: string | undefined;
  /** Of a text: from which byte, or its end. */
  from?: number | "end" | undefined;
  /** What is sought in a text. */
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

/** One of a file's views: the first where the address names none of them. */
export function useView<View extends string>(views: readonly View[]): [View, (view: View) => void] {
  const { show, change } = useShownPlace();
  return [views.find((view) => view === show) ?? views[0]!, (view) => change({ show: view })];
}
