import { useQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useMemo, useState } from "react";
import type { ModelVersion } from "../../api/model-versions.ts";
import { registeredModelQuery } from "../../api/registered-models.ts";
import { Badge } from "../../parts/badges.tsx";
import { Button, buttonClass } from "../../parts/button.tsx";
import { classNames } from "../../parts/class-names.ts";
import { CodeLines } from "../../parts/code-lines.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { DiffTable } from "../../parts/diff-table.tsx";
import { Select } from "../../parts/select.tsx";
import { SplitPane } from "../../parts/split-pane.tsx";
import { EmptyState, ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { diffRows } from "../../parts/text-diff.ts";
import { Time } from "../../parts/values.tsx";
import { useBreadcrumbs } from "../../shell/breadcrumbs.tsx";
import { useRights } from "../access/rights.ts";
import { AliasBadges } from "../registry/registry-parts.tsx";
import { PromptDialog } from "./prompt-dialog.tsx";
import { listVersions, messagesOf, textOf, variablesOf } from "./prompts.ts";

const ALONE = "none";

/** A prompt: its versions, the text of one version, and the differences from another. */
export function PromptScreen() {
  const { name } = useParams({ from: "/prompts/$name" });
  const search = useSearch({ from: "/prompts/$name" });
  const navigate = useNavigate({ from: "/prompts/$name" });
  const prompt = useQuery(registeredModelQuery(name));
  const versions = useQuery({
    queryKey: ["model-versions", "prompt", name],
    queryFn: ({ signal }) => listVersions(name, signal),
  });
  const [isWriting, setWriting] = useState(false);
  const { mayEdit } = useRights({ type: "prompt", ids: [name] });
  useBreadcrumbs([{ label: "Prompts", href: "#/prompts" }, { label: name }]);
  const failed = prompt.data === undefined ? prompt : versions;
  if (failed.error !== null && failed.data === undefined) {
    return (
      <ErrorState title="The prompt could not be loaded" error={failed.error} onRetry={() => void failed.refetch()}>
        <a href="#/prompts" className={buttonClass()}>
          All prompts
        </a>
      </ErrorState>
    );
  }
  if (prompt.data === undefined || versions.data === undefined) return <SkeletonRows rows={12} />;
  const aliases = Map.groupBy(prompt.data.aliases ?? [], ({ version }) => version);
  const shown = versions.data.find(({ version }) => version === search.version) ?? versions.data[0];
  const beside = versions.data.find(({ version }) => version === search.with);
  const show = (version: string): void => {
    void navigate({ search: (before) => ({ ...before, version }) });
  };
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <header className="flex min-h-11 shrink-0 items-center gap-2 px-3 pt-1 wide:px-4">
        <h1 title={name} className="min-w-0 truncate text-xl">
          <bdi>{name}</bdi>
        </h1>
        {prompt.data.description && <span className="min-w-0 truncate text-ink-muted">{prompt.data.description}</span>}
        {mayEdit && (
          <Button
            kind="primary"
            icon={<Plus size={14} aria-hidden />}
            className="ml-auto"
            onClick={() => setWriting(true)}
          >
            New version
          </Button>
        )}
      </header>
      {shown === undefined ? (
        <EmptyState title="No version yet">{mayEdit && "Write the first one."}</EmptyState>
      ) : (
        <SplitPane
          label="Width of the list of versions"
          settingName="prompts.versions"
          initial={260}
          first={
            <nav
              aria-label="Versions"
              className="flex max-h-52 min-h-0 flex-col overflow-y-auto wide:max-h-none wide:flex-1"
            >
              {versions.data.map((version) => (
                <button
                  key={version.version}
                  type="button"
                  aria-current={version === shown}
                  onClick={() => show(version.version)}
                  className={classNames(
                    "flex min-h-9 min-w-0 shrink-0 flex-wrap items-center gap-x-2 px-3 py-1 text-left -outline-offset-2 hover:bg-hover wide:px-4",
                    version === shown && "bg-selected",
                  )}
                >
                  <span className="font-medium">Version {version.version}</span>
                  {aliases.has(version.version) && (
                    <AliasBadges aliases={aliases.get(version.version)?.map(({ alias }) => alias)} />
                  )}
                  <span className="ml-auto text-ink-muted text-sm">
                    <Time timeMs={version.creation_timestamp} />
                  </span>
                  {version.description && (
                    <span className="w-full truncate text-ink-muted text-sm" title={version.description}>
                      {version.description}
                    </span>
                  )}
                </button>
              ))}
            </nav>
          }
          second={
            <div className="flex min-h-0 min-w-0 flex-1 flex-col">
              <div className="flex min-h-10 shrink-0 flex-wrap items-center gap-2 border-line border-b px-3 py-1">
                <span className="text-ink-muted">Compared with</span>
                <Select
                  label="Compared with"
                  value={beside?.version ?? ALONE}
                  onValueChange={(next) =>
                    void navigate({ search: (before) => ({ ...before, with: next === ALONE ? undefined : next }) })
                  }
                  options={[
                    { value: ALONE, label: "nothing" },
                    ...versions.data
                      .filter((version) => version !== shown)
                      .map(({ version }) => ({ value: version, label: `version ${version}` })),
                  ]}
                />
                <CopyButton text={textOf(shown)} label="Copy the text" className="ml-auto" />
              </div>
              {beside === undefined || beside === shown ? (
                <PromptText version={shown} />
              ) : (
                <Difference before={beside} after={shown} />
              )}
            </div>
          }
        />
      )}
      {isWriting && (
        <PromptDialog
          name={name}
          text={shown === undefined ? "" : textOf(shown)}
          onClose={() => setWriting(false)}
          onWritten={(_, version) => show(version)}
        />
      )}
    </div>
  );
}

function Difference({ before, after }: { before: ModelVersion; after: ModelVersion }) {
  const rows = useMemo(() => diffRows(textOf(before), textOf(after), true), [before, after]);
  return <DiffTable label={`From version ${before.version} to version ${after.version}`} rows={rows} />;
}

function PromptText({ version }: { version: ModelVersion }) {
  const text = textOf(version);
  const messages = messagesOf(version);
  const variables = variablesOf(text);
  return (
    <section
      aria-label={`Version ${version.version}`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
      className="flex min-h-0 flex-1 flex-col gap-4 overflow-auto p-3 -outline-offset-2 wide:p-4"
    >
      {messages === undefined ? (
        <TextWithVariables text={text} />
      ) : (
        messages.map(({ role, content }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: messages have no identity but their place
          <div key={index} className="flex flex-col gap-1">
            <Badge>{role}</Badge>
            <TextWithVariables text={content} />
          </div>
        ))
      )}
      {variables.length > 0 && (
        <p className="flex flex-wrap items-center gap-1.5 text-ink-muted">
          Variables:{" "}
          {variables.map((name) => (
            <Badge key={name} tone="accent">
              {name}
            </Badge>
          ))}
        </p>
      )}
      <CodeLines
        text={`prompt = mlflow.genai.load_prompt("prompts:/${version.name}/${version.version}")\nprompt.format(${variables.map((name) => `${name}=…`).join(", ")})`}
        label="Copy the lines"
      />
    </section>
  );
}

function TextWithVariables({ text }: { text: string }) {
  return (
    <pre className="max-w-[100ch] rounded border border-line bg-surface px-3 py-2 font-mono text-sm whitespace-pre-wrap wrap-anywhere">
      {text.split(/(\{\{\s*[\w.]+\s*\}\})/).map((part, index) =>
        index % 2 === 0 ? (
          part
        ) : (
          // biome-ignore lint/suspicious/noArrayIndexKey: parts of a text have no identity but their place
          <span key={index} className="font-semibold text-accent">
            {part}
          </span>
        ),
      )}
    </pre>
  );
}
