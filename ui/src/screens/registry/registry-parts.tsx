import type { ReactNode } from "react";
import type { ModelVersion, Stage } from "../../api/model-versions.ts";
import { Badge } from "../../parts/badges.tsx";
import { Dash } from "../../parts/values.tsx";

const STAGE_TONES = { None: "neutral", Staging: "warning", Production: "success", Archived: "neutral" } as const;

/** Nothing for a version without a stage. */
export function StageBadge({ stage }: { stage: Stage }) {
  return stage === "None" ? <Dash /> : <Badge tone={STAGE_TONES[stage]}>{stage}</Badge>;
}

export function AliasBadges({ aliases }: { aliases: readonly string[] | undefined }) {
  if (aliases === undefined || aliases.length === 0) return <Dash />;
  return (
    <span className="flex min-w-0 gap-1" title={aliases.map((alias) => `@${alias}`).join(", ")}>
      {aliases.map((alias) => (
        <Badge key={alias} tone="accent">
          @{alias}
        </Badge>
      ))}
    </span>
  );
}

export function modelHref(name: string): string {
  return `#/models/${encodeURIComponent(name)}`;
}

export function versionHref(name: string, version: string): string {
  return `${modelHref(name)}/versions/${encodeURIComponent(version)}`;
}

/** A run's page by its id alone: MLflow's version tells no experiment, and the page itself finds the run's. */
export function runHref(runId: string, experimentId: string): string {
  return `#/experiments/${experimentId}/runs/${runId}`;
}

export function byVersion(a: ModelVersion, b: ModelVersion): number {
  return Number(b.version) - Number(a.version);
}

/** A part of a page with a heading. */
export function Section({ title, action, children }: { title: string; action?: ReactNode; children: ReactNode }) {
  return (
    <section aria-label={title} className="flex min-w-0 flex-col gap-2">
      <div className="flex items-center gap-2">
        <h2 className="min-w-0 flex-1">{title}</h2>
        {action}
      </div>
      {children}
    </section>
  );
}
