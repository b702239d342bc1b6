import { Folder } from "lucide-react";
import type { ListedExperiment } from "../../api/experiment-list.ts";
import { NOTE_TAG } from "../../api/wire.ts";
import { Tag } from "../../parts/badges.tsx";
import { classNames } from "../../parts/class-names.ts";
import { formatCount } from "../../parts/format.ts";
import { ownTags } from "../../parts/own-tags.ts";
import type { GridColumn } from "../../parts/row-grid.tsx";
import { Time } from "../../parts/values.tsx";
import type { Doing } from "./experiment-dialogs.tsx";
import { ExperimentMenu } from "./experiment-menu.tsx";
import { noteLine, type Row } from "./experiment-rows.ts";

interface ColumnsInput {
  /** Aligns the experiments' names with the folders' names, which have an icon. */
  hasFolders: boolean;
  openFolder: (path: string) => void;
  setDoing: (doing: Doing) => void;
}

const SHOWN_TAGS = 3;

export function experimentColumns({ hasFolders, openFolder, setDoing }: ColumnsInput): GridColumn<Row>[] {
  return [
    {
      id: "name",
      header: "Name",
      track: "minmax(96px,2fr)",
      isSortable: true,
      cell: (row, tabIndex) =>
        row.kind === "folder" ? (
          <button
            type="button"
            tabIndex={tabIndex}
            onClick={() => openFolder(row.path)}
            title={row.path}
            className="flex min-w-0 items-center gap-2 rounded-sm text-ink hover:underline"
          >
            <Folder size={14} aria-hidden className="shrink-0 text-ink-faint" />
            <span className="truncate">{row.name}</span>
            <span className="shrink-0 text-ink-muted text-sm">{formatCount(row.experiments)}</span>
          </button>
        ) : (
          <a
            href={`#/experiments/${row.experiment.experiment_id}`}
            tabIndex={tabIndex}
            title={row.experiment.name}
            className={classNames("truncate rounded-sm", hasFolders && "ml-5.5")}
          >
            {row.name}
          </a>
        ),
    },
    {
      id: "about",
      header: "Description and tags",
      track: "minmax(120px,3fr)",
      isWideOnly: true,
      cell: (row) => row.kind === "experiment" && <About experiment={row.experiment} />,
    },
    {
      id: "runs",
      header: "Runs",
      track: "56px",
      isAtEnd: true,
      isSortable: true,
      cell: (row) => {
        const { runs, running } =
          row.kind === "folder" ? row : { runs: row.experiment.active_runs, running: row.experiment.running_runs };
        return (
          <span className="flex items-center gap-1.5" title={running > 0 ? `${running} running` : undefined}>
            {running > 0 && (
              <>
                <span aria-hidden className="size-1.5 rounded-full bg-info" />
                <span className="sr-only">{running} running,</span>
              </>
            )}
            {formatCount(runs)}
          </span>
        );
      },
    },
    {
      id: "activity",
      header: "Last activity",
      track: "88px",
      isAtEnd: true,
      isSortable: true,
      cell: (row) => <Time timeMs={row.kind === "folder" ? row.lastActivity : row.experiment.last_activity} />,
    },
    {
      id: "created",
      header: "Created",
      track: "88px",
      isAtEnd: true,
      isWideOnly: true,
      isSortable: true,
      cell: (row) => <Time timeMs={row.kind === "folder" ? row.creationTime : row.experiment.creation_time} />,
    },
    {
      id: "actions",
      header: "Actions",
      isHeaderHidden: true,
      track: "28px",
      cell: (row, tabIndex) =>
        row.kind === "experiment" && (
          <ExperimentMenu experiment={row.experiment} name={row.name} tabIndex={tabIndex} setDoing={setDoing} />
        ),
    },
  ];
}

function About({ experiment }: { experiment: ListedExperiment }) {
  const tags = ownTags(experiment.tags);
  const note = noteLine(experiment);
  return (
    <>
      {note !== "" && (
        <span
          className="min-w-0 truncate text-ink-muted"
          title={experiment.tags.find((tag) => tag.key === NOTE_TAG)?.value}
        >
          {note}
        </span>
      )}
      {tags.slice(0, SHOWN_TAGS).map((tag) => (
        <Tag key={tag.key} name={tag.key} value={tag.value} />
      ))}
      {tags.length > SHOWN_TAGS && (
        <span
          className="shrink-0 text-ink-muted text-sm"
          title={tags.map((tag) => `${tag.key}: ${tag.value}`).join("\n")}
        >
          +{tags.length - SHOWN_TAGS}
        </span>
      )}
    </>
  );
}
