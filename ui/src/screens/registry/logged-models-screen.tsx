import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { experimentQuery } from "../../api/experiments.ts";
import { type LoggedModel, searchLoggedModels } from "../../api/logged-models.ts";
import { failureOf } from "../../api/query-client.ts";
import { buttonClass } from "../../parts/button.tsx";
import type { GridColumn } from "../../parts/row-grid.tsx";
import { EmptyState } from "../../parts/states.tsx";
import { Dash, Time } from "../../parts/values.tsx";
import { useAddressText } from "../../shell/address-text.ts";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useCommands } from "../../shell/commands.ts";
import { MODEL_STATUS, metricsText } from "./logged-model-text.ts";
import { quoted } from "./registry-filter.ts";
import { Unreadable } from "./registry-parts.tsx";
import { SearchList, useSearchPages } from "./search-list.tsx";

const COLUMNS: GridColumn<LoggedModel>[] = [
  {
    id: "name",
    header: "Name",
    track: "minmax(120px,2fr)",
    cell: ({ info }, tabIndex) => (
      <a
        href={`#/experiments/${info.experiment_id}/models/${info.model_id}`}
        tabIndex={tabIndex}
        title={`${info.name} ${info.model_id}`}
        className="truncate rounded-sm"
      >
        {info.name}
      </a>
    ),
  },
  { id: "status", header: "Status", track: "72px", cell: ({ info }) => MODEL_STATUS[info.status] },
  {
    id: "type",
    header: "Type",
    track: "minmax(72px,1fr)",
    isWideOnly: true,
    cell: ({ info }) => (info.model_type ? <span className="truncate">{info.model_type}</span> : <Dash />),
  },
  {
    id: "metrics",
    header: "Metrics",
    track: "minmax(120px,3fr)",
    isWideOnly: true,
    cell: ({ data }) => {
      const text = metricsText(data.metrics);
      return text === "" ? (
        <Dash />
      ) : (
        <span className="truncate text-ink-muted" title={text}>
          {text}
        </span>
      );
    },
  },
  {
    id: "run",
    header: "Run",
    track: "88px",
    isWideOnly: true,
    cell: ({ info }, tabIndex) =>
      info.source_run_id ? (
        <a
          href={`#/experiments/${info.experiment_id}/runs/${info.source_run_id}`}
          tabIndex={tabIndex}
          className="truncate rounded-sm font-mono text-sm"
        >
          {info.source_run_id.slice(0, 8)}
        </a>
      ) : (
        <Dash />
      ),
  },
  {
    id: "created",
    header: "Created",
    track: "88px",
    isAtEnd: true,
    cell: ({ info }) => <Time timeMs={info.creation_timestamp_ms} />,
  },
];

/** The logged models of one experiment, newest first. */
export function LoggedModelsScreen() {
  const { experimentId } = useParams({ from: "/experiments/$experimentId/models" });
  const search = useSearch({ from: "/experiments/$experimentId/models" });
  const navigate = useNavigate({ from: "/experiments/$experimentId/models" });
  const experiment = useQuery(experimentQuery(experimentId));
  const { q = "" } = search;
  const [text, setText] = useAddressText(search.q, (next) => {
    void navigate({ search: { q: next }, replace: true });
  });
  const words = q.trim();
  const filter = words === "" ? "" : `name ILIKE ${quoted(`%${words}%`)}`;
  const found = useSearchPages({
    queryKey: ["logged-models", "list", experimentId, filter],
    perPage: 100,
    read: (page, signal) =>
      searchLoggedModels({ experiment_ids: [experimentId], ...(filter !== "" && { filter }), ...page }, signal),
    rowsOf: ({ models }) => models,
  });
  const label = experiment.data?.name ?? `Experiment ${experimentId}`;
  useBreadcrumbs([
    { label: "Experiments", href: "#/experiments" },
    { label, href: `#/experiments/${experimentId}` },
    { label: "Logged models" },
  ]);
  useCommands([
    {
      id: "logged-models.runs",
      label: "Runs of the experiment",
      group: "Logged models",
      run: () => void navigate({ to: "/experiments/$ids", params: { ids: experimentId } }),
    },
  ]);
  const missing = failureOf(experiment);
  if (missing !== undefined) {
    return (
      <Unreadable
        what="experiment"
        error={missing}
        onRetry={() => void experiment.refetch()}
        href="#/experiments"
        goTo="Go to the experiments"
      />
    );
  }
  return (
    <SearchList
      id="logged-models"
      title={`Logged models of ${label}`}
      label="Logged models"
      words={["model", "models"]}
      hint="Name"
      {...{ text, setText, found }}
      isSearch={words !== ""}
      action={
        <a href={`#/experiments/${experimentId}`} className={buttonClass()}>
          Runs
        </a>
      }
      idOf={({ info }) => info.model_id}
      columns={COLUMNS}
      onOpen={({ info }) =>
        void navigate({
          to: "/experiments/$experimentId/models/$modelId",
          params: { experimentId, modelId: info.model_id },
        })
      }
      empty={
        <EmptyState title="No logged models">
          What a run logs by <code>mlflow.&lt;flavor&gt;.log_model(…)</code> is listed here.
        </EmptyState>
      }
    />
  );
}
