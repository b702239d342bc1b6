import { Segmented } from "../../parts/segmented.tsx";

const LABELS = {
  ...{ page: "Page", source: "Source", table: "Table", map: "Map", tree: "Tree", text: "Text" },
  ...{ fit: "Fit", actual: "Actual size", series: "By step", file: "This file" },
  chart: "Chart",
} as const;

export type ViewName = keyof typeof LABELS;

interface ViewSwitchProps<View extends ViewName> {
  label?: string;
  views: readonly View[];
  view: View;
  onView: (view: View) => void;
}

/** The views of a file, if it has more than one. */
export function ViewSwitch<View extends ViewName>({ label = "View", views, view, onView }: ViewSwitchProps<View>) {
  if (views.length < 2) return null;
  return (
    <Segmented
      label={label}
      value={view}
      onValueChange={onView}
      segments={views.map((value) => ({ value, label: LABELS[value] }))}
    />
  );
}
