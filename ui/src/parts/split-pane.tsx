import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from "react";
import { classNames } from "./class-names.ts";
import { readSetting, writeSetting } from "./settings.ts";

interface SplitPaneProps {
  /** Names the handle, such as `Width of the file tree`. */
  label: string;
  /** Keeps the width between visits. */
  settingName: string;
  /** Widths in px. */
  initial?: number;
  min?: number;
  max?: number;
  /** The pane whose width the handle sets. */
  first: ReactNode;
  second: ReactNode;
  /** Phones show the first pane alone, as the second one has nothing else. */
  isSecondSpare?: boolean;
}

const STEP = 16;

/** Two panes side by side, the first as wide as the reader wants; one above the other on phones. */
export function SplitPane(props: SplitPaneProps) {
  const { label, settingName, initial = 280, min = 160, max = 720, first, second, isSecondSpare = false } = props;
  const [width, setWidth] = useState(() => clamp(Number(readSetting(settingName) ?? initial) || initial));
  const start = useRef<{ x: number; width: number }>(undefined);

  function clamp(next: number): number {
    return Math.round(Math.min(max, Math.max(min, next)));
  }
  const change = (next: number): void => {
    setWidth(clamp(next));
    writeSetting(settingName, String(clamp(next)));
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const next = { ArrowLeft: width - STEP, ArrowRight: width + STEP, Home: min, End: max }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    change(next);
  };
  const onPointerDown = (event: PointerEvent): void => {
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { x: event.clientX, width };
  };
  const onPointerMove = (event: PointerEvent): void => {
    if (start.current) change(start.current.width + event.clientX - start.current.x);
  };
  return (
    <div className="flex min-h-0 min-w-0 flex-1 flex-col wide:flex-row">
      <div
        className={classNames(
          "flex min-h-0 shrink-0 flex-col overflow-auto wide:max-h-none wide:w-(--pane) wide:max-w-[max(50%,calc(100%-360px))]",
          isSecondSpare ? "max-h-full" : "max-h-[40%]",
        )}
        style={{ "--pane": `${width}px` }}
      >
        {first}
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a rule cannot be moved, a separator with a value can */}
      <div
        role="separator"
        tabIndex={0}
        aria-orientation="vertical"
        aria-label={label}
        aria-valuenow={width}
        aria-valuemin={min}
        aria-valuemax={max}
        onKeyDown={onKeyDown}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={() => {
          start.current = undefined;
        }}
        className="h-px shrink-0 bg-line wide:h-auto wide:w-[5px] wide:cursor-col-resize wide:touch-none wide:border-page wide:border-x-2 hover:bg-accent"
      />
      <div
        className={classNames(
          "min-h-0 min-w-0 flex-1 flex-col overflow-auto",
          isSecondSpare ? "hidden wide:flex" : "flex",
        )}
      >
        {second}
      </div>
    </div>
  );
}
