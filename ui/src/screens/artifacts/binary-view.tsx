import { useQuery } from "@tanstack/react-query";
import { getRange } from "../../api/client.ts";
import { formatBytes } from "../../parts/format.ts";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { hexLine, isText } from "./file-kinds.ts";
import { Note } from "./note.tsx";
import { Lines, TextView } from "./text-view.tsx";

const SHOWN_BYTES = 64 * 1024;
const HEX_LINE_CHARACTERS = 78;

/** A file of an unknown kind: text where its first bytes are, else these in hex. */
export function BinaryView({ url, path }: { url: string; path: string }) {
  const file = useQuery({
    queryKey: ["artifacts", "first-bytes", url],
    queryFn: ({ signal }) => getRange(url, 0, SHOWN_BYTES - 1, signal),
  });
  if (file.error !== null) {
    return <ErrorState title="The file could not be read" error={file.error} onRetry={() => void file.refetch()} />;
  }
  if (file.data === undefined) return <SkeletonRows rows={10} />;
  const { bytes, totalBytes = bytes.length } = file.data;
  if (isText(bytes)) return <TextView url={url} path={path} />;
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        <span className="text-ink-muted text-sm">
          Not text: {totalBytes > bytes.length ? `its first ${formatBytes(bytes.length)}` : "its bytes"} in hex.
        </span>
      </Note>
      <Lines
        count={Math.ceil(bytes.length / 16)}
        longest={HEX_LINE_CHARACTERS}
        line={(index) => hexLine(bytes, index)}
      />
    </div>
  );
}
