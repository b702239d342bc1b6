import type { ModelVersion } from "../../api/model-versions.ts";
import type { GridColumn } from "../../parts/row-grid.tsx";
import { Dash, Time } from "../../parts/values.tsx";
import { About, AliasBadges, StageBadge, versionHref } from "./registry-parts.tsx";

const STATUS_TEXT = { READY: "", PENDING_REGISTRATION: "Being registered", FAILED_REGISTRATION: "Registration failed" };

/** Of the versions of one model. */
export function versionColumns(name: string): GridColumn<ModelVersion>[] {
  return [
    {
      id: "version",
      header: "Version",
      track: "56px",
      cell: (version, tabIndex) => (
        <a
          href={versionHref(name, version.version)}
          tabIndex={tabIndex}
          className="rounded-sm"
          title={STATUS_TEXT[version.status] || undefined}
        >
          v{version.version}
          {version.status === "FAILED_REGISTRATION" && <span className="text-danger"> failed</span>}
        </a>
      ),
    },
    {
      id: "aliases",
      header: "Aliases",
      track: "minmax(64px,1.5fr)",
      cell: (version) => <AliasBadges aliases={version.aliases} />,
    },
    {
      id: "stage",
      header: "Stage",
      track: "84px",
      cell: (version) => <StageBadge stage={version.current_stage} />,
    },
    {
      id: "about",
      header: "Description and tags",
      track: "minmax(120px,3fr)",
      isWideOnly: true,
      cell: (version) => <About description={version.description} tags={version.tags} />,
    },
    {
      id: "run",
      header: "Run",
      track: "88px",
      isWideOnly: true,
      cell: (version, tabIndex) =>
        version.run_id ? (
          <a
            href={`#/runs/${version.run_id}`}
            tabIndex={tabIndex}
            title={version.run_id}
            className="truncate rounded-sm font-mono text-sm"
          >
            {version.run_id.slice(0, 8)}
          </a>
        ) : (
          <Dash />
        ),
    },
    {
      id: "created",
      header: "Created",
      track: "72px",
      isAtEnd: true,
      cell: (version) => <Time timeMs={version.creation_timestamp} />,
    },
  ];
}
