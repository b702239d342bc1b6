import { FolderDown } from "lucide-react";
import { folderZipUrl } from "../../api/artifacts.ts";
import { buttonClass } from "../../parts/button.tsx";
import { baseName } from "./file-kinds.ts";
import type { FilesRoot } from "./run-image.tsx";

/** A folder and everything below it, as a ZIP that the server writes during the download. */
export function FolderDownload({ root, folder }: { root: FilesRoot; folder: string }) {
  return (
    <a
      href={folderZipUrl(root, folder)}
      download={folder === "" ? true : `${baseName(folder)}.zip`}
      className={buttonClass("quiet")}
    >
      <FolderDown size={14} aria-hidden />
      Download
    </a>
  );
}
