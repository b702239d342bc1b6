import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { artifactListQuery, artifactRangeQuery } from "../../api/artifacts.ts";
import { sharedLinkQuery } from "../../api/shared-link.ts";
import { Button } from "../../parts/button.tsx";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { baseName, folderOf } from "../artifacts/file-kinds.ts";
import { FileView } from "../artifacts/file-view.tsx";
import { FolderView } from "../artifacts/folder-view.tsx";
import type { FilesRoot } from "../artifacts/run-image.tsx";
import { type ShownPlace, ShownPlaceContext } from "../artifacts/shown-place.ts";

/** The file or folder that a signed link shows. */
export function SharedFileScreen() {
  const { data: link } = useQuery(sharedLinkQuery());
  if (link?.path === undefined) return <SkeletonRows rows={10} />;
  const root: FilesRoot =
    link.model_id === undefined
      ? { kind: "run", runId: link.run_ids?.[0] ?? "" }
      : { kind: "logged-model", modelId: link.model_id };
  return <Shared root={root} linked={link.path} />;
}

function Shared({ root, linked }: { root: FilesRoot; linked: string }) {
  const [path, setPath] = useState(linked);
  const [place, setPlace] = useState<ShownPlace>({});
  const shown = useMemo(
    () => ({
      ...place,
      change: (next: ShownPlace) => setPlace((before) => ({ ...before, ...next })),
      open: (next: string) => {
        setPlace({});
        setPath(next);
      },
    }),
    [place],
  );
  const list = useQuery(artifactListQuery(root, path));
  const isFolder = list.data?.files.some((file) => file.path !== path) ?? false;
  // A list of its folder would tell the size, but the link does not show that folder.
  const start = useQuery({ ...artifactRangeQuery(root, path, 0, 0), enabled: list.data !== undefined && !isFolder });
  const images = { root, otherRunIds: [], imageControls: undefined };
  const error = list.error ?? start.error;
  return (
    <ShownPlaceContext value={shown}>
      <h1 className="sr-only">{baseName(path)}</h1>
      {path !== linked && (
        <div className="px-3 pt-2">
          <Button kind="quiet" className="-ml-2.5" onClick={() => shown.open(folderOf(path))}>
            Back to {baseName(folderOf(path))}
          </Button>
        </div>
      )}
      {error !== null ? (
        <ErrorState title="The file could not be found" error={error} onRetry={() => void list.refetch()} />
      ) : isFolder ? (
        <FolderView {...images} folder={path} onPath={shown.open} onRegister={undefined} />
      ) : start.data === undefined ? (
        <SkeletonRows rows={10} />
      ) : (
        <FileView {...images} path={path} size={start.data.totalBytes ?? start.data.bytes.length} />
      )}
    </ShownPlaceContext>
  );
}
