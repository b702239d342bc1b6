import { type ReactNode, useCallback } from "react";
import { artifactUrl } from "../../api/artifacts.ts";
import { useChange } from "../../api/query-client.ts";
import { deleteRunTag, type Run, setRunTag } from "../../api/runs.ts";
import { IS_SHARED } from "../../api/shared-link.ts";
import { NOTE_TAG, valueFor } from "../../api/wire.ts";
import { Status } from "../../parts/badges.tsx";
import { useNow } from "../../parts/clock.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Description } from "../../parts/description.tsx";
import { formatDuration } from "../../parts/format.ts";
import { commitUrl } from "../../parts/git-links.ts";
import { type KeyValueRow, KeyValues } from "../../parts/key-values.tsx";
import { STALLED_AFTER_MS, shownStatus } from "../../parts/run-status.ts";
import { TagEditor } from "../../parts/tag-editor.tsx";
import { Dash, Duration, Time } from "../../parts/values.tsx";
import { useRunRights } from "../access/rights.ts";
import { MetricTable } from "./metric-table.tsx";
import { ParamTable } from "./param-table.tsx";
import { lastHeardMs } from "./run-facts.ts";
import { Block, Datasets, Family, Models } from "./run-links.tsx";

/** A path as its writer named it: markdown keeps spaces as `%20`. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path.replace(/^\.?\//, ""));
  } catch {
    return path;
  }
}

/** The overview of a run. */
export function RunOverview({ run }: { run: Run }) {
  const { run_id } = run.info;
  // An image that is named by a path is a file of the run.
  const imageUrl = useCallback((path: string) => artifactUrl({ kind: "run", runId: run_id }, decoded(path)), [run_id]);
  const { mayEdit } = useRunRights([run.info.experiment_id]);
  const setTag = useChange(setRunTag, ["runs", "keys"]);
  const deleteTag = useChange(deleteRunTag, ["runs", "keys"]);
  return (
    <div className="flex flex-col gap-4 py-3 wide:grid wide:min-h-full wide:grid-cols-[minmax(0,1fr)_360px] wide:gap-0 wide:py-0">
      <div className="flex min-w-0 flex-col gap-4 wide:py-3">
        <div className="px-3 wide:px-4">
          <Description
            imageUrl={imageUrl}
            text={valueFor(run.data.tags, NOTE_TAG)}
            {...(mayEdit && { onSave: (value) => setTag.mutateAsync({ run_id, key: NOTE_TAG, value }) })}
          />
        </div>
        <div className="grid min-w-0 gap-4 min-[1200px]:grid-cols-[minmax(0,3fr)_minmax(0,2fr)] min-[1200px]:gap-0">
          <MetricTable run={run} />
          <ParamTable params={run.data.params ?? []} />
        </div>
      </div>
      <div className="flex min-w-0 flex-col gap-4 wide:border-line wide:border-l wide:py-3">
        <Block title="Details">
          <KeyValues label="Details" rows={details(run)} />
        </Block>
        <Block title="Tags">
          <TagEditor
            tags={run.data.tags}
            {...(mayEdit && {
              onSet: (tag) => setTag.mutateAsync({ run_id, ...tag }),
              onRemove: (key) => deleteTag.mutateAsync({ run_id, key }),
            })}
          />
        </Block>
        {!IS_SHARED && <Family run={run} />}
        {!IS_SHARED && <Models run={run} />}
        <Datasets run={run} />
      </div>
    </div>
  );
}

function details(run: Run): KeyValueRow[] {
  const { info, data } = run;
  const tag = (key: string): string | undefined => valueFor(data.tags, `mlflow.${key}`);
  const commit = tag("source.git.commit");
  const rows: (KeyValueRow | undefined)[] = [
    { name: "Status", value: <RunStatusLine run={run} /> },
    { name: "Duration", value: <Duration startMs={info.start_time} endMs={endOf(run)} /> },
    { name: "Started", value: <Time timeMs={info.start_time} isExact /> },
    { name: "Ended", value: <Time timeMs={info.end_time || undefined} isExact /> },
    text("User", info.user_id || tag("user")) ?? { name: "User", value: <Dash /> },
    text("Source", tag("source.name")),
    text("Entry point", tag("project.entryPoint")),
    commit === undefined
      ? undefined
      : { name: "Git commit", value: <Commit commit={commit} repository={tag("source.git.repoURL")} /> },
    text("Git branch", tag("source.git.branch")),
    {
      name: "Run ID",
      value: <Copied text={info.run_id} label="Copy the run ID" />,
    },
    { name: "Artifacts", value: <Copied text={info.artifact_uri} label="Copy the artifacts' address" /> },
  ];
  return rows.filter((row) => row !== undefined);
}

/** A run that is over has an end; one that some client closed without one has no span to grow. */
function endOf({ info }: Run): number | null | undefined {
  return info.end_time || (info.status === "RUNNING" ? undefined : info.start_time);
}

function text(name: string, value: string | undefined): KeyValueRow | undefined {
  if (value === undefined || value === "") return undefined;
  return {
    name,
    value: (
      <span title={value} className="line-clamp-3">
        {value}
      </span>
    ),
  };
}

function Copied({ text, label }: { text: string; label: string }): ReactNode {
  return (
    <span className="flex min-w-0 items-center gap-1">
      <span title={text} className="min-w-0 truncate font-mono text-sm">
        {text}
      </span>
      <CopyButton text={text} label={label} className="-my-1" />
    </span>
  );
}

function Commit({ commit, repository }: { commit: string; repository: string | undefined }): ReactNode {
  const url = commitUrl(repository, commit);
  const short = <span className="font-mono text-sm">{commit.slice(0, 12)}</span>;
  return (
    <span className="flex items-center gap-1" title={commit}>
      {url === undefined ? (
        short
      ) : (
        <a href={url} target="_blank" rel="noopener noreferrer">
          {short}
        </a>
      )}
      <CopyButton text={commit} label="Copy the commit" className="-my-1" />
    </span>
  );
}

/** The status, and for a run that went silent since when, by which rule. */
export function RunStatusLine({ run }: { run: Run }): ReactNode {
  const nowMs = useNow();
  const heardMs = lastHeardMs(run);
  const status = shownStatus(run.info.status, heardMs, nowMs);
  if (status !== "STALLED") return <Status status={status} />;
  const silence = formatDuration(nowMs - heardMs);
  return (
    <span className="flex flex-wrap items-center gap-x-2">
      <Status status="STALLED" />
      <span className="text-ink-muted text-sm">
        Running, but no metric for {silence} (the limit is {formatDuration(STALLED_AFTER_MS)}).
      </span>
    </span>
  );
}
