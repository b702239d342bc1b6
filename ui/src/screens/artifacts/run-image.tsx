import { useQueries, useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { type ArtifactRoot, artifactListQuery, artifactUrl } from "../../api/artifacts.ts";
import { runQuery } from "../../api/runs.ts";
import { RunMark } from "../../charts/run-mark.tsx";
import { folderOf } from "./file-kinds.ts";
import { Note } from "./note.tsx";

export type FilesRoot = Exclude<ArtifactRoot, { kind: "model-version" }>;

/** The props that views of images share. */
export interface ImagesProps {
  root: FilesRoot;
  /** Runs whose images with the same name are shown too. */
  otherRunIds: readonly string[];
  /** Further controls beside the views' own. */
  imageControls: ReactNode;
}

/** The shown files, and files of other runs beside them. */
export function rootsBeside(root: FilesRoot, otherRunIds: readonly string[]): FilesRoot[] {
  return [root, ...otherRunIds.map((runId) => ({ kind: "run" as const, runId }))];
}

export function rootId(root: FilesRoot): string {
  return root.kind === "run" ? root.runId : root.modelId;
}

interface RunImageProps {
  root: FilesRoot;
  /** Undefined without an image. */
  path: string | undefined;
  /** The name of the image, for screen readers. */
  label: string;
  /** The text in place of a missing image. */
  emptyText: string;
  /** The run's name stands below. */
  isNamed: boolean;
  caption?: string | undefined;
}

/** An image in a grid, which a press downloads. */
export function RunImage({ root, path, label, emptyText, isNamed, caption }: RunImageProps) {
  return (
    <figure className="flex min-w-0 flex-col gap-1">
      {path === undefined ? (
        <div className="flex min-h-24 flex-1 items-center justify-center border border-line text-ink-muted text-sm">
          {emptyText}
        </div>
      ) : (
        <a href={artifactUrl(root, path)} download title={`Download ${label}`}>
          <img
            src={artifactUrl(root, path)}
            alt={label}
            loading="lazy"
            className="min-h-24 w-full border border-line object-contain [image-rendering:pixelated]"
          />
        </a>
      )}
      <figcaption className="flex min-w-0 items-center gap-1.5 text-ink-muted text-sm">
        {isNamed && root.kind === "run" && <RunName runId={root.runId} />}
        {caption !== undefined && <span className="shrink-0">{caption}</span>}
      </figcaption>
    </figure>
  );
}

function RunName({ runId }: { runId: string }) {
  const name = useQuery(runQuery(runId)).data?.info.run_name || runId;
  return (
    <>
      <RunMark runId={runId} />
      <span title={name} className="min-w-0 truncate">
        <bdi>{name}</bdi>
      </span>
    </>
  );
}

/** Images side by side, as many in a row as fit. */
export function ImageGrid({ children }: { children: ReactNode }) {
  return (
    <div className="grid grid-cols-[repeat(auto-fit,minmax(150px,1fr))] gap-3 wide:grid-cols-[repeat(auto-fill,minmax(220px,1fr))]">
      {children}
    </div>
  );
}

/** The scrolling content below a note. */
export function ImagePane({ label = "Images", children }: { label?: string; children: ReactNode }) {
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
      tabIndex={0}
      className="min-h-0 flex-1 overflow-auto p-3 -outline-offset-2"
    >
      {children}
    </section>
  );
}

/** One image beside images with the same path in other runs. */
export function ImagesBeside({ root, path, otherRunIds, imageControls }: ImagesProps & { path: string }) {
  const roots = rootsBeside(root, otherRunIds);
  const lists = useQueries({ queries: roots.map((one) => artifactListQuery(one, folderOf(path))) });
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        <span className="text-ink-muted text-sm">{roots.length} runs</span>
        {imageControls}
      </Note>
      <ImagePane>
        <ImageGrid>
          {roots.map((one, index) => {
            const list = lists[index];
            const isThere = list?.data?.files.some((file) => file.path === path) ?? false;
            return (
              <RunImage
                key={rootId(one)}
                root={one}
                path={isThere ? path : undefined}
                label={path}
                emptyText={list?.isPending ? "Loading…" : "This run has no such image"}
                isNamed
              />
            );
          })}
        </ImageGrid>
      </ImagePane>
    </div>
  );
}
