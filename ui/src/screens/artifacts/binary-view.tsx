import { useQuery } from "@tanstack/react-query";
import { getRange } from "../../api/client.ts";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { isText } from "./file-kinds.ts";
import { HexView } from "./hex-view.tsx";
import { TextView } from "./text-view.tsx";

/** The number of bytes that decide whether a file is text. */
const FIRST_BYTES = 64 * 1024;

/** A file of an unknown kind: text if its first bytes are text, otherwise hex. */
export function BinaryView({ url, path }: { url: string; path: string }) {
  const file = useQuery({
    queryKey: ["artifacts", "first-bytes", url],
    queryFn: ({ signal }) => getRange(url, 0, FIRST_BYTES - 1, signal),
  });
  if (file.error !== null) {
    return <ErrorState title="The file could not be read" error={file.error} onRetry={() => void file.refetch()} />;
  }
  if (file.data === undefined) return <SkeletonRows rows={10} />;
  return isText(file.data.bytes) ? <TextView url={url} path={path} /> : <HexView url={url} />;
}
