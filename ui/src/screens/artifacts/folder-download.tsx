import { FolderDown } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { download } from "../../charts/export-chart.ts";
import { Button } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { sayFailed } from "../../parts/toast.tsx";
import { baseName } from "./file-kinds.ts";
import type { FilesRoot } from "./run-image.tsx";

/** A folder with all that is below it, as a ZIP file that is made in the page. */
export function FolderDownload({ root, folder }: { root: FilesRoot; folder: string }) {
  const [done, setDone] = useState<number>();
  const abort = useRef<AbortController>(undefined);
  useEffect(() => () => abort.current?.abort(), []);
  const start = async (): Promise<void> => {
    const controller = new AbortController();
    abort.current = controller;
    setDone(0);
    try {
      const { zipFolder } = await import("./zip-folder.ts");
      download(await zipFolder(root, folder, setDone, controller.signal), `${baseName(folder)}.zip`);
    } catch (error) {
      if (!controller.signal.aborted) sayFailed("The folder could not be downloaded.", error);
    } finally {
      setDone(undefined);
    }
  };
  return (
    <Button
      kind="quiet"
      icon={<FolderDown size={14} aria-hidden />}
      isBusy={done !== undefined}
      onClick={() => void start()}
    >
      {done === undefined ? "Download" : `${formatCount(done)} files…`}
    </Button>
  );
}
