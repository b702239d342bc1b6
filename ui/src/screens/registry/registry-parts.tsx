import type { ReactNode } from "react";
import { ApiError } from "../../api/client.ts";
import type { ModelVersion, Stage } from "../../api/model-versions.ts";
import type { KeyValue } from "../../api/wire.ts";
import { Badge, Tag } from "../../parts/badges.tsx";
import { buttonClass } from "../../parts/button.tsx";
import { firstLine } from "../../parts/format.ts";
import { ownTags } from "../../parts/own-tags.ts";
import { ErrorState } from "../../parts/states.tsx";
import { Dash } from "../../parts/values.tsx";

const STAGE_TONES = { None: "neutral", Staging: "warning", Production: "success", Archived: "neutral" } as const;

/** Nothing for a version without a stage. */
export function StageBadge({ stage }: { stage: Stage }) {
  return stage === "None" ? <Dash /> : <Badge tone={STAGE_TONES[stage]}>{stage}</Badge>;
}

const SHOWN_ALIASES = 2;

export function AliasBadges({ aliases }: { aliases: readonly string[] | undefined }) {
  if (aliases === undefined || aliases.length === 0) return <Dash />;
  const shortest = aliases.toSorted((a, b) => a.length - b.length);
  return (
    <span className="flex min-w-0 items-center gap-1" title={aliases.map((alias) => `@${alias}`).join("\n")}>
      {shortest.slice(0, SHOWN_ALIASES).map((alias) => (
        <Badge key={alias} tone="accent">
          @{alias}
        </Badge>
      ))}
      {aliases.length > SHOWN_ALIASES && (
        <span className="shrink-0 text-ink-muted text-sm">+{aliases.length - SHOWN_ALIASES}</span>
      )}
    </span>
  );
}

const SHOWN_TAGS = 3;

/** In a list: the first line of a description, and tags. */
export function About({ description, tags }: { description: string | undefined; tags: KeyValue[] | undefined }) {
  const own = ownTags(tags);
  return (
    <>
      {description && (
        <span className="min-w-0 truncate text-ink-muted" title={description}>
          {firstLine(description)}
        </span>
      )}
      {own.slice(0, SHOWN_TAGS).map(({ key, value }) => (
        <Tag key={key} name={key} value={value} />
      ))}
      {own.length > SHOWN_TAGS && (
        <span
          className="shrink-0 text-ink-muted text-sm"
          title={own.map(({ key, value }) => `${key}: ${value}`).join("\n")}
        >
          +{own.length - SHOWN_TAGS}
        </span>
      )}
    </>
  );
}

export function modelHref(name: string): string {
  return `#/models/${encodeURIComponent(name)}`;
}

export function versionHref(name: string, version: string): string {
  return `${modelHref(name)}/versions/${encodeURIComponent(version)}`;
}

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

interface UnreadableProps {
  /** Such as `model`. */
  what: string;
  error: Error;
  onRetry: () => void;
  /** Links to other pages. */
  href: string;
  goTo: string;
}

/** Shown in place of a missing thing, or a thing that could not be loaded. */
export function Unreadable({ what, error, onRetry, href, goTo }: UnreadableProps) {
  const isMissing = error instanceof ApiError && error.code === "RESOURCE_DOES_NOT_EXIST";
  return (
    <ErrorState
      title={isMissing ? `There is no such ${what}` : `This ${what} could not be loaded`}
      error={error}
      {...(!isMissing && { onRetry })}
    >
      <a href={href} className={buttonClass()}>
        {goTo}
      </a>
    </ErrorState>
  );
}
