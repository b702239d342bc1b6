import { Ellipsis } from "lucide-react";
import { useState } from "react";
import type { ListedExperiment } from "../../api/experiment-list.ts";
import { IconButton } from "../../parts/button.tsx";
import { LazyMenu } from "../../parts/lazy-menu.tsx";
import type { MenuEntry } from "../../parts/menu.tsx";
import { useRights } from "../access/rights.ts";
import type { Doing } from "./experiment-dialogs.tsx";

interface ExperimentMenuProps {
  experiment: ListedExperiment;
  name: string;
  tabIndex: number;
  setDoing: (doing: Doing) => void;
}

/** The actions on an experiment of the list, as far as the reader may. The server is asked when the menu is first opened. */
export function ExperimentMenu({ experiment, name, tabIndex, setDoing }: ExperimentMenuProps) {
  const { experiment_id } = experiment;
  const [isWanted, setWanted] = useState(false);
  const { mayEdit, mayManage } = useRights({ type: "experiment", ids: isWanted ? [experiment_id] : [] });
  // What the rights add comes last, so that no entry moves below the pointer when the server answers.
  const entries = (): MenuEntry[] => [
    { label: "Open", href: `#/experiments/${experiment_id}` },
    { label: "Logged models", href: `#/experiments/${experiment_id}/models` },
    ...(mayEdit
      ? [
          null,
          { label: "Rename…", shortcut: "F2", onSelect: () => setDoing({ kind: "rename", experiment }) },
          { label: "Description…", onSelect: () => setDoing({ kind: "describe", experiment }) },
          { label: "Tags…", onSelect: () => setDoing({ kind: "tags", experiment }) },
        ]
      : []),
    ...(mayManage
      ? [
          null,
          {
            label: "Delete…",
            shortcut: "Del",
            isDangerous: true,
            onSelect: () => setDoing({ kind: "delete", experiments: [experiment] }),
          },
        ]
      : []),
  ];
  return (
    <LazyMenu
      entries={entries}
      trigger={(onClick) => (
        <IconButton
          label={`Actions of ${name.slice(0, 80)}`}
          icon={<Ellipsis size={16} aria-hidden />}
          tabIndex={tabIndex}
          className="h-6"
          {...(onClick && {
            onClick: (event) => {
              setWanted(true);
              onClick(event);
            },
          })}
        />
      )}
    />
  );
}
