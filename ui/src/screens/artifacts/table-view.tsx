import { useVirtualizer, type VirtualItem } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp, Maximize2, WrapText } from "lucide-react";
import { memo, type ReactNode, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { IconButton } from "../../parts/button.tsx";
import { classNames } from "../../parts/class-names.ts";
import { formatCount } from "../../parts/format.ts";
import { SearchField } from "../../parts/text-field.tsx";
import { useScrollTogether } from "../../parts/use-scroll-together.ts";
import { Note } from "./note.tsx";
import { sortRows } from "./parsers.ts";
import { RowDialog } from "./row-dialog.tsx";

const ROW_PX = 28;
const TALL_ROW_PX = 88;
const MIN_COLUMN_PX = 64;
const MAX_COLUMN_PX = 360;
const PICTURE_COLUMN_PX = 168;
const CHARACTER_PX = 8.4;
/** The width of the button that opens a row, in the first column. */
const OPEN_PX = 28;
/** Rows that tell a column's width and whether it holds numbers. */
const SAMPLE = 100;

/** The kind of a column's cells. */
export interface CellShape {
  /** Of a usual one. */
  characters: number;
  isNumeric: boolean;
}

interface TableViewProps {
  columns: readonly string[];
  /** Of columns whose first cells are not there with the first rows. */
  shapes?: readonly CellShape[];
  rowCount: number;
  /** The text of a cell; undefined until it is read. */
  cell: (row: number, column: number) => string | undefined;
  /** The content of a cell in tall rows; undefined for the text itself. */
  picture?: ((row: number, column: number) => ReactNode) | undefined;
  /** Changes when rows or cells were added. */
  version: number;
  /** The number of rows of the whole file, if it is known. */
  totalRows?: number | undefined;
  isComplete: boolean;
  note?: string | undefined;
  /** Why there are no more rows. */
  problem?: ReactNode;
  onEndNear?: () => void;
  /** Other columns are in sight, or near: from one to before another. */
  onColumns?: (from: number, to: number) => void;
}

function headerOf(name: string | undefined, column: number): string {
  return name || `column ${column + 1}`;
}

/** A file's rows and columns. Only visible cells are rendered. Sorting covers the loaded rows. */
export function TableView(props: TableViewProps) {
  const { columns, shapes, rowCount, cell, picture, version, totalRows, isComplete } = props;
  const { note, problem, onEndNear, onColumns } = props;
  const [isWrapped, setWrapped] = useState(false);
  const [words, setWords] = useState("");
  const [opened, setOpened] = useState<number>();
  const rowPx = picture === undefined && !isWrapped ? ROW_PX : TALL_ROW_PX;
  const [sort, setSort] = useState<{ column: number; isDescending: boolean }>();
  const scroller = useRef<HTMLElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rows grow in place, and `version` tells so
  const sorted = useMemo(() => {
    if (sort === undefined) return undefined;
    return sortRows(rowCount, (row) => cell(row, sort.column) ?? "", sort.isDescending);
  }, [rowCount, cell, version, sort]);
  const sought = useDeferredValue(words.toLowerCase());
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  const listed = useMemo(() => {
    if (sought === "") return sorted;
    const order = sorted ?? Array.from({ length: rowCount }, (_, row) => row);
    return order.filter((row) => columns.some((_, column) => cell(row, column)?.toLowerCase().includes(sought)));
  }, [sorted, sought, rowCount, columns, cell, version]);
  const count = listed?.length ?? rowCount;
  const hasSample = rowCount > 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first rows tell, once they are there
  const layout = useMemo(() => {
    const sample = Array.from({ length: Math.min(rowCount, SAMPLE) }, (_, row) => row);
    return columns.map((name, column) => {
      if (sample.some((row) => picture?.(row, column) !== undefined)) {
        return { widthPx: PICTURE_COLUMN_PX, isNumeric: false };
      }
      const cells = sample.map((row) => cell(row, column)).filter((text) => text !== undefined);
      const shape = shapes?.[column];
      const length = cells.length > 0 ? Math.max(...cells.map((text) => text.length)) : (shape?.characters ?? 0);
      const isNumeric =
        cells.length > 0
          ? cells.some((text) => text !== "") && cells.every((text) => !Number.isNaN(Number(text)))
          : (shape?.isNumeric ?? false);
      const widest = Math.max(headerOf(name, column).length + 2, length);
      const besidePx = 24 + (column === 0 ? OPEN_PX : 0);
      return { widthPx: Math.min(MAX_COLUMN_PX, Math.max(MIN_COLUMN_PX, widest * CHARACTER_PX + besidePx)), isNumeric };
    });
  }, [columns, hasSample]);
  const scrolled = {
    getScrollElement: () => scroller.current,
    observeElementOffset: useScrollTogether<HTMLElement>(),
    useFlushSync: false,
  };
  const lines = useVirtualizer({
    ...scrolled,
    count,
    estimateSize: () => rowPx,
    overscan: 12,
  });
  const across = useVirtualizer({
    ...scrolled,
    horizontal: true,
    count: columns.length,
    estimateSize: (column) => layout[column]?.widthPx ?? MIN_COLUMN_PX,
    overscan: 3,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: widths are measured anew when they are known
  useEffect(() => across.measure(), [layout]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: rows are measured anew when their height changes
  useEffect(() => lines.measure(), [rowPx]);
  const last = lines.range?.endIndex ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a part that came may leave the end near still
  useEffect(() => {
    if (last >= count - 100) onEndNear?.();
  }, [last, version]);
  const sortBy = (column: number): void => {
    setSort((before) => {
      if (before?.column !== column) return { column, isDescending: false };
      return before.isDescending ? undefined : { column, isDescending: true };
    });
  };
  const columnItems = across.getVirtualItems();
  const firstColumn = columnItems[0]?.index ?? 0;
  const columnsTo = (columnItems.at(-1)?.index ?? -1) + 1;
  // biome-ignore lint/correctness/useExhaustiveDependencies: other columns only
  useEffect(() => {
    if (columnsTo > 0) onColumns?.(firstColumn, columnsTo);
  }, [firstColumn, columnsTo]);
  const width = across.getTotalSize();
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        <span className="text-ink-muted text-sm">
          {isComplete
            ? `${formatCount(rowCount)} rows`
            : `${formatCount(rowCount)} ${totalRows === undefined ? "" : `of ${formatCount(totalRows)} `}rows loaded; more come by scrolling`}
          , {formatCount(columns.length)} columns
          {sort !== undefined && !isComplete && ". Sorted are the loaded rows"}
          {sought !== "" && `. ${formatCount(count)} of them have the words`}
          {note !== undefined && `. ${note}`}
        </span>
        {problem}
        <span className="ml-auto flex items-center gap-1">
          <SearchField label="Find in the table" value={words} onValueChange={setWords} className="w-44" />
          <IconButton
            label="Wrap long texts"
            icon={<WrapText size={14} aria-hidden />}
            aria-pressed={isWrapped}
            onClick={() => setWrapped(!isWrapped)}
          />
        </span>
      </Note>
      <section
        ref={scroller}
        aria-label="Table"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys
        tabIndex={0}
        className="min-h-0 flex-1 overflow-auto -outline-offset-2"
      >
        {/* biome-ignore lint/a11y/useSemanticElements: rows that come and go while scrolling are no table element's */}
        <div
          role="table"
          aria-label="Rows of the file"
          aria-rowcount={count + 1}
          aria-colcount={columns.length}
          style={{ width }}
        >
          {/* biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above */}
          <div
            role="row"
            aria-rowindex={1}
            className="sticky top-0 z-10 h-8 border-line border-b bg-page"
            style={{ width }}
          >
            {columnItems.map(({ index, start, size }) => {
              const Arrow = sort?.isDescending ? ArrowDown : ArrowUp;
              const isSorted = sort?.column === index;
              return (
                // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: as above
                <span
                  key={index}
                  role="columnheader"
                  aria-colindex={index + 1}
                  aria-sort={isSorted ? (sort.isDescending ? "descending" : "ascending") : undefined}
                  className="absolute top-0 flex h-8 items-center px-3 text-ink-muted text-sm"
                  style={{ left: start, width: size }}
                >
                  <button
                    type="button"
                    title={columns[index]}
                    onClick={() => sortBy(index)}
                    className={classNames(
                      "flex min-w-0 flex-1 items-center gap-1 hover:text-ink",
                      layout[index]?.isNumeric && "justify-end",
                    )}
                  >
                    <span className="truncate">{headerOf(columns[index], index)}</span>
                    {isSorted && <Arrow size={12} aria-hidden className="shrink-0" />}
                  </button>
                </span>
              );
            })}
          </div>
          {/* biome-ignore lint/a11y/useSemanticElements: as above */}
          <div role="rowgroup" className="relative" style={{ height: lines.getTotalSize() }}>
            {lines.getVirtualItems().map(({ index, start }) => (
              <Line
                key={index}
                row={listed?.[index] ?? index}
                {...{ index, start, width, rowPx, cell, picture, layout, version, isWrapped }}
                onOpen={setOpened}
                columns={columnItems}
              />
            ))}
          </div>
        </div>
      </section>
      {opened !== undefined && (
        <RowDialog
          {...{ columns, cell, picture }}
          row={opened}
          place={listed?.indexOf(opened) ?? opened}
          count={count}
          onPlace={(place) => setOpened(listed?.[place] ?? place)}
          onClose={() => setOpened(undefined)}
        />
      )}
    </div>
  );
}

interface LineProps extends Pick<TableViewProps, "cell" | "picture" | "version"> {
  row: number;
  /** Among the lines that are shown, in their order. */
  index: number;
  /** From the top, in px. */
  start: number;
  width: number;
  rowPx: number;
  layout: readonly { isNumeric: boolean }[];
  isWrapped: boolean;
  onOpen: (row: number) => void;
  /** In sight. */
  columns: readonly VirtualItem[];
}

/** A row. It renders again only if its content, or the loaded part of the file, has changed. */
const Line = memo(function Line(props: LineProps) {
  const { row, index, start, width, rowPx, cell, picture, layout, columns, isWrapped, onOpen } = props;
  return (
    // biome-ignore lint/a11y/useSemanticElements lint/a11y/useFocusableInteractive: a row of a virtual table
    <div
      role="row"
      aria-rowindex={index + 2}
      onDoubleClick={() => onOpen(row)}
      className="group absolute top-0 left-0 border-line border-b -outline-offset-2 hover:bg-hover"
      style={{ transform: `translateY(${start}px)`, width, height: rowPx }}
    >
      {columns.map((column) => {
        const text = cell(row, column.index);
        return (
          // biome-ignore lint/a11y/useSemanticElements: as above
          <span
            key={column.index}
            role="cell"
            aria-colindex={column.index + 1}
            title={text}
            className={classNames(
              "absolute top-1 px-3",
              isWrapped ? "line-clamp-4 wrap-anywhere whitespace-pre-wrap" : "truncate",
              layout[column.index]?.isNumeric && "text-right",
            )}
            style={{ left: column.start, width: column.size }}
          >
            {column.index === 0 ? (
              <button
                type="button"
                aria-label={`Open row ${row + 1}`}
                onClick={() => onOpen(row)}
                className="mr-1.5 inline-flex size-5 items-center justify-center rounded-sm align-middle text-ink-muted opacity-0 hover:bg-selected focus-visible:opacity-100 group-hover:opacity-100"
              >
                <Maximize2 size={12} aria-hidden />
              </button>
            ) : null}
            {picture?.(row, column.index) ?? text}
          </span>
        );
      })}
    </div>
  );
});
