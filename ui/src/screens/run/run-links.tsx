import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { loggedModelQuery } from "../../api/logged-models.ts";
import { modelVersionSearchQuery } from "../../api/model-versions.ts";
import { type Dataset, type Run, runQuery, runSearchQuery } from "../../api/runs.ts";
import { valueFor } from "../../api/wire.ts";
import { Badge, Status } from "../../parts/badges.tsx";
import { CodeLines } from "../../parts/code-lines.tsx";
import { formatCount } from "../../parts/format.ts";
import { indented } from "./run-facts.ts";

const MAX_CHILDREN = 200;
/** As many as a comparison takes. */
const MAX_COMPARED = 100;

interface BlockProps {
  title: string;
  count?: number | undefined;
  /** At the end of the heading. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A heading above things that belong to the run. */
export function Block({ title, count, actions, children }: BlockProps) {
  return (
    <section aria-label={title} className="flex min-w-0 flex-col gap-1 px-3 wide:px-4">
      <div className="flex min-w-0 items-center gap-3">
        <h2 className="font-medium">
          {title} {count !== undefined && <span className="font-normal text-ink-faint">{formatCount(count)}</span>}
        </h2>
        {actions}
      </div>
      {children}
    </section>
  );
}

/** The run above this one and the runs below it. */
export function Family({ run }: { run: Run }) {
  const { experiment_id, run_id } = run.info;
  const parentId = valueFor(run.data.tags, "mlflow.parentRunId");
  const filter = `tags.mlflow.parentRunId = '${run_id}'`;
  const parent = useQuery({ ...runQuery(parentId ?? ""), enabled: parentId !== undefined });
  const children = useQuery(
    runSearchQuery({
      experiment_ids: [experiment_id],
      filter,
      max_results: MAX_CHILDREN,
    }),
  );
  const below = children.data?.runs ?? [];
  const hasMore = children.data?.next_page_token !== undefined;
  return (
    <>
      {parentId !== undefined && (
        <Block title="Parent run">
          <RunLink
            runId={parentId}
            experimentId={parent.data?.info.experiment_id ?? experiment_id}
            name={parent.data?.info.run_name ?? parentId}
          />
        </Block>
      )}
      {children.error !== null && <Unread title="Child runs" error={children.error} />}
      {below.length > 0 && (
        <Block
          title="Child runs"
          count={hasMore ? undefined : below.length}
          actions={
            <>
              <Link
                to="/compare"
                search={{
                  runs: below
                    .slice(0, MAX_COMPARED)
                    .map(({ info }) => info.run_id)
                    .join(","),
                }}
              >
                Compare
              </Link>
              <Link to="/experiments/$ids" params={{ ids: experiment_id }} search={{ q: filter }}>
                In the table
              </Link>
            </>
          }
        >
          <ul className="max-h-60 overflow-y-auto">
            {below.map(({ info }) => (
              <li key={info.run_id} className="flex min-h-6 min-w-0 items-center gap-2">
                <Status status={info.status} isCompact />
                <RunLink runId={info.run_id} experimentId={info.experiment_id} name={info.run_name} />
              </li>
            ))}
          </ul>
          {hasMore && <p className="text-ink-muted text-sm">The latest {MAX_CHILDREN} are listed.</p>}
        </Block>
      )}
    </>
  );
}

function RunLink({ runId, experimentId, name }: { runId: string; experimentId: string; name: string }) {
  return (
    <Link
      to="/experiments/$experimentId/runs/$runId"
      params={{ experimentId, runId }}
      title={name}
      className="min-w-0 truncate"
    >
      {name === "" ? runId : name}
    </Link>
  );
}

/** Datasets that the run read. */
export function Datasets({ run }: { run: Run }) {
  const inputs = run.inputs?.dataset_inputs ?? [];
  if (inputs.length === 0) return null;
  return (
    <Block title="Datasets" count={inputs.length}>
      <ul className="flex flex-col gap-1">
        {inputs.map(({ dataset, tags }) => (
          <li key={`${dataset.name} ${dataset.digest}`}>
            <DatasetEntry dataset={dataset} context={valueFor(tags, "mlflow.data.context")} />
          </li>
        ))}
      </ul>
    </Block>
  );
}

/** A dataset by its name; its source, schema and profile when opened. */
function DatasetEntry({ dataset, context }: { dataset: Dataset; context: string | undefined }) {
  const parts = (["source", "schema", "profile"] as const).flatMap((name) => {
    const text = dataset[name];
    return text === undefined || text === "" ? [] : [{ name, text }];
  });
  return (
    <details className="min-w-0">
      <summary className="cursor-default">
        <span className="inline-flex max-w-[calc(100%-20px)] flex-wrap items-center gap-x-2 align-middle">
          <span title={dataset.name} className="max-w-full truncate">
            {dataset.name}
          </span>
          <span className="font-mono text-ink-muted text-sm">{dataset.digest}</span>
          {context !== undefined && <Badge>{context}</Badge>}
          <span className="text-ink-muted text-sm">{dataset.source_type}</span>
        </span>
      </summary>
      <dl className="flex flex-col gap-1 py-1 pl-4">
        {parts.map(({ name, text }) => (
          <div key={name} className="min-w-0">
            <dt className="text-ink-muted text-sm capitalize">{name}</dt>
            <dd>
              <CodeLines text={indented(text)} label={`Copy the ${name}`} />
            </dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

/** Shown in place of things of the run that could not be loaded. */
function Unread({ title, error }: { title: string; error: Error }) {
  return (
    <Block title={title}>
      <p className="text-danger">They could not be read: {error.message}</p>
    </Block>
  );
}

/** Logged models that the run made or read, and versions registered from it. */
export function Models({ run }: { run: Run }) {
  const made = (run.outputs?.model_outputs ?? []).map(({ model_id }) => model_id);
  const read = (run.inputs?.model_inputs ?? []).map(({ model_id }) => model_id);
  const ids = [...new Set([...made, ...read])];
  const models = useQueries({ queries: ids.map((id) => loggedModelQuery(id)) });
  const versions = useQuery(modelVersionSearchQuery({ filter: `run_id = '${run.info.run_id}'`, max_results: 200 }));
  const registered = versions.data?.model_versions ?? [];
  return (
    <>
      {versions.error !== null && <Unread title="Registered versions" error={versions.error} />}
      {ids.length > 0 && (
        <Block title="Logged models" count={ids.length}>
          <ul>
            {ids.map((modelId, index) => (
              <li key={modelId} className="flex min-h-6 min-w-0 items-center gap-2">
                <Link to="/logged-models/$modelId" params={{ modelId }} title={modelId} className="min-w-0 truncate">
                  {models[index]?.data?.info.name ?? modelId}
                </Link>
                <Badge>{made.includes(modelId) ? "output" : "input"}</Badge>
              </li>
            ))}
          </ul>
        </Block>
      )}
      {registered.length > 0 && (
        <Block title="Registered versions" count={registered.length}>
          <ul>
            {registered.map(({ name, version, aliases = [] }) => (
              <li key={`${name} ${version}`} className="flex min-h-6 min-w-0 items-center gap-2">
                <Link to="/models/$name/versions/$version" params={{ name, version }} className="min-w-0 truncate">
                  {name} version {version}
                </Link>
                {aliases.map((alias) => (
                  <Badge key={alias} tone="accent">
                    @{alias}
                  </Badge>
                ))}
              </li>
            ))}
          </ul>
        </Block>
      )}
    </>
  );
}
