import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { ChevronRight } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import { classNames } from "./class-names.ts";

const ROW_PX = 24;
const INDENT_PX = 14;
/** The indentation of the deepest line. A deeper tree scrolls in its pane. */
const LEAST_LINE_PX = 160;

/** One line of a tree; the lines of closed branches are left out. */
export interface TreeLine {
  id: string;
  /** The line's text, which typed letters search, and its title. */
  label: string;
  /** 0 at the top. */
  depth: number;
  /** undefined for a leaf. */
  isOpen?: boolean | undefined;
  content: ReactNode;
}

interface TreeProps {
  label: string;
  lines: readonly TreeLine[];
  selectedId?: string | undefined;
  onSelect: (id: string) => void;
  onToggle: (id: string) => void;
}

/** A tree that renders only its visible lines. Arrows move, open and close. Enter selects. Letters search. */
export function Tree({ label, lines, selectedId, onSelect, onToggle }: TreeProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const [activeId, setActiveId] = useState(selectedId);
  const active = Math.max(
    0,
    lines.findIndex((line) => line.id === activeId),
  );
  const deepest = lines.reduce((depth, line) => Math.max(depth, line.depth), 0);
  const focusNext = useRef<string>(undefined);
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    rangeExtractor: (range) =>
      [...new Set([...defaultRangeExtractor(range), active])].filter((line) => line < lines.length),
  });
  const moveTo = (index: number): void => {
    const line = lines[Math.max(0, Math.min(index, lines.length - 1))];
    if (line === undefined) return;
    focusNext.current = line.id;
    setActiveId(line.id);
    virtualizer.scrollToIndex(lines.indexOf(line));
  };
  const find = (letter: string): void => {
    const order = [...lines.slice(active + 1), ...lines.slice(0, active + 1)];
    const found = order.find((line) => line.label.toLowerCase().startsWith(letter.toLowerCase()));
    if (found !== undefined) moveTo(lines.indexOf(found));
  };
  const goUp = (depth: number): void => {
    const above = lines.slice(0, active).findLastIndex((line) => line.depth < depth);
    if (above >= 0) moveTo(above);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const line = lines[active];
    if (line === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown") moveTo(active + 1);
    else if (event.key === "ArrowUp") moveTo(active - 1);
    else if (event.key === "Home") moveTo(0);
    else if (event.key === "End") moveTo(lines.length - 1);
    else if (event.key === "ArrowRight" && line.isOpen === false) onToggle(line.id);
    else if (event.key === "ArrowRight" && line.isOpen) moveTo(active + 1);
    else if (event.key === "ArrowLeft" && line.isOpen) onToggle(line.id);
    else if (event.key === "ArrowLeft") goUp(line.depth);
    else if (event.key === "Enter" || event.key === " ") onSelect(line.id);
    else if (event.key.length === 1 && /\S/.test(event.key)) find(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div ref={scroller} className="min-h-0 flex-1 overflow-auto py-1">
      <div
        role="tree"
        aria-label={label}
        onKeyDown={onKeyDown}
        className="relative"
        style={{ height: virtualizer.getTotalSize(), minWidth: deepest * INDENT_PX + LEAST_LINE_PX }}
      >
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const line = lines[index];
          if (line === undefined) return null;
          const isSelected = line.id === selectedId;
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the tree listens for keys
            <div
              key={line.id}
              role="treeitem"
              aria-level={line.depth + 1}
              aria-expanded={line.isOpen}
              aria-selected={isSelected}
              tabIndex={index === active ? 0 : -1}
              ref={(element) => {
                if (element === null || focusNext.current !== line.id) return;
                focusNext.current = undefined;
                element.focus({ preventScroll: true });
              }}
              onFocus={() => setActiveId(line.id)}
              onClick={() => onSelect(line.id)}
              title={line.label}
              className={classNames(
                "absolute inset-x-0 top-0 flex h-6 cursor-default items-center gap-1 pr-2 -outline-offset-2 hover:bg-hover",
                isSelected && "bg-selected",
              )}
              style={{ transform: `translateY(${start}px)`, paddingLeft: 6 + line.depth * INDENT_PX }}
            >
              {line.isOpen === undefined ? (
                <span className="w-4 shrink-0" />
              ) : (
                // biome-ignore lint/a11y/noStaticElementInteractions lint/a11y/useKeyWithClickEvents: arrows do the same
                <span
                  className="flex w-4 shrink-0 text-ink-muted"
                  onClick={(event) => {
                    event.stopPropagation();
                    onToggle(line.id);
                  }}
                >
                  <ChevronRight size={14} aria-hidden className={line.isOpen ? "rotate-90" : undefined} />
                </span>
              )}
              {line.content}
            </div>
          );
        })}
      </div>
    </div>
  );
}
