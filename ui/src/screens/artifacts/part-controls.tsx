import { useRef } from "react";
import { classNames } from "../../parts/class-names.ts";
import { formatBytes } from "../../parts/format.ts";
import { Segmented } from "../../parts/segmented.tsx";
import { useAddressText } from "../../shell/address-text.ts";
import type { FileParts } from "./file-parts.ts";
import { PartError } from "./note.tsx";
import { useShownPlace } from "./shown-place.ts";

/** Larger files have a slider to any place of them. */
const SLIDER_FROM_BYTES = 4 * 1024 * 1024;
const SLIDER_STEPS = 1000;

interface PartControlsProps {
  file: FileParts<unknown>;
  /** The size of the whole file: `12 lines`. */
  wholeText: string;
  /** The end is requested, however short the file is now. */
  isGrowing?: boolean;
}

/** Shows which part of a file is visible, and leads to other parts of a file that is not read completely. */
export function PartControls({ file, wholeText, isGrowing = false }: PartControlsProps) {
  const { from = 0, change } = useShownPlace();
  const { end, total } = file;
  const knownTotal = useRef(0);
  knownTotal.current = total ?? knownTotal.current;
  const hasChoice = from !== 0 || end < (total ?? 0) || isGrowing;
  return (
    <>
      {hasChoice && (
        <Segmented
          label="Part of the file"
          value={from === 0 || from === "end" ? String(from) : ""}
          onValueChange={(next) => change({ from: next === "end" ? next : undefined })}
          segments={[
            { value: "0", label: "From the start" },
            { value: "end", label: "The end" },
          ]}
        />
      )}
      {knownTotal.current > SLIDER_FROM_BYTES && <PlaceSlider total={knownTotal.current} />}
      <span className={classNames("text-ink-muted text-sm", hasChoice && "order-1 wide:order-none")}>
        {partText(file, wholeText)}
        {file.isFull && !file.isComplete && "; move on to read the rest"}
      </span>
      <PartError file={file} />
    </>
  );
}

function partText({ start, end, total, isComplete }: FileParts<unknown>, wholeText: string): string {
  if (total === undefined) return "Loading…";
  if (isComplete && start === 0) return wholeText;
  const part = `${formatBytes(end - start)} of ${formatBytes(total)}`;
  if (start === 0) return `The first ${part}`;
  return isComplete ? `The last ${part}` : `${part}, from ${formatBytes(start)} on`;
}

/** Any place of a file that is too large to scroll through. */
function PlaceSlider({ total }: { total: number }) {
  const { from = 0, change } = useShownPlace();
  const share = String(Math.round(((from === "end" ? total : from) / total) * SLIDER_STEPS));
  const [text, setText] = useAddressText(share, (next) =>
    change({ from: Math.floor((Number(next ?? 0) / SLIDER_STEPS) * total) || undefined }),
  );
  return (
    <input
      type="range"
      aria-label="Place in the file"
      aria-valuetext={`From ${formatBytes(Math.floor((Number(text) / SLIDER_STEPS) * total))} on`}
      min={0}
      max={SLIDER_STEPS}
      value={text}
      onChange={({ target }) => setText(target.value)}
      className="order-1 w-48 min-w-0 accent-accent wide:order-none"
    />
  );
}
