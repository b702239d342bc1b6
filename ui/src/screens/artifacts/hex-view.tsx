import { formatBytes } from "../../parts/format.ts";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { HEX_LINE_BYTES, hexLine } from "./file-kinds.ts";
import { useFileParts } from "./file-parts.ts";
import { Lines } from "./lines.tsx";
import { Note } from "./note.tsx";
import { HexParser } from "./parsers.ts";
import { PartControls } from "./part-controls.tsx";
import { useShownPlace } from "./shown-place.ts";

/** Bytes in hex, read as the reader scrolls, from any place. */
export function HexView({ url }: { url: string }) {
  const { from = 0 } = useShownPlace();
  const file = useFileParts(url, () => new HexParser(), {
    from: from === "end" ? from : from - (from % HEX_LINE_BYTES),
  });
  const { parser, start, end, total } = file;
  if (file.error !== undefined && end === start) {
    return <ErrorState title="The file could not be read" error={file.error} onRetry={file.retry} />;
  }
  if (total === undefined) return <SkeletonRows rows={10} />;
  const lastOffset = hexLine(new Uint8Array(HEX_LINE_BYTES), total);
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        <span className="text-ink-muted text-sm">Not text: its bytes in hex.</span>
        <PartControls file={file} wholeText={formatBytes(total)} />
      </Note>
      <Lines
        key={from}
        count={parser.count}
        longest={lastOffset.length}
        line={(index) => hexLine(parser.line(index), start + index * HEX_LINE_BYTES)}
        isAtEnd={from === "end"}
        onEndNear={file.more}
      />
    </div>
  );
}
