import { useCallback, useRef } from "react";
import type { PlaceOnAxis } from "../../charts/echart.tsx";
import { plainText, readLook } from "../../charts/echarts.ts";
import type { ComparedRun } from "./compared-run.ts";
import type { Field } from "./fields.ts";
import { type LinePlaces, linePlaces, nearestLine, strokeLines } from "./many-lines.ts";

/** How the runs' lines look, by run. */
export interface LineLooks {
  readonly colours: readonly string[];
  readonly dashes: readonly ("solid" | number[])[];
}

/** This many lines take a few milliseconds. */
const LINES_A_PART = 1000;

/** A pointer this near to an axis is at the axis. */
const AXIS_REACH_PX = 12;

const MANY_PENS = { widthPx: 1, opacity: 0.4 };
/** For runs that the brush leaves out. */
const FAINT_PENS = { widthPx: 1, opacity: 0.07 };
const CHOSEN_PENS = { widthPx: 1, opacity: 0.8 };
const POINTED_PENS = { widthPx: 3.5, opacity: 1 };

interface ManyLines {
  runs: readonly ComparedRun[];
  fields: readonly Field[];
  looks: LineLooks;
  /** Indexes of the runs that the brush has chosen. */
  selected: readonly number[];
  pointed: number | undefined;
  onPoint: (run: number | undefined) => void;
  onPress: (run: ComparedRun) => void;
}

/** Draws the lines of many runs, and finds the line under the pointer. */
export function useManyLines({ runs, fields, looks: { colours }, selected, pointed, onPoint, onPress }: ManyLines) {
  const places = useRef<LinePlaces>(undefined);
  const under = useCallback(
    function* (context: CanvasRenderingContext2D, placeOn: PlaceOnAxis): Generator<void> {
      const drawn = linePlaces(fields, runs.length, placeOn);
      places.current = drawn;
      const all = [...runs.keys()];
      const layers =
        selected.length === runs.length
          ? [{ of: all, pens: MANY_PENS }]
          : [
              { of: all, pens: FAINT_PENS },
              { of: selected, pens: CHOSEN_PENS },
            ];
      for (const { of, pens } of layers) {
        for (let from = 0; from < of.length; from += LINES_A_PART) {
          strokeLines(context, drawn, of.slice(from, from + LINES_A_PART), { ...pens, colours });
          yield;
        }
      }
    },
    [runs, fields, colours, selected],
  );
  const over = useCallback(
    (context: CanvasRenderingContext2D): void => {
      if (pointed === undefined || places.current === undefined) return;
      strokeLines(context, places.current, [pointed], { ...POINTED_PENS, colours });
      const at = [...places.current.y.subarray(pointed * fields.length, (pointed + 1) * fields.length)];
      const axis = at.findLastIndex((y) => !Number.isNaN(y));
      if (axis >= 0) writeName(context, runs[pointed]!.name, [places.current.x[axis]!, at[axis]!]);
    },
    [runs, fields, colours, pointed],
  );
  const onPointer = (at: readonly [number, number] | undefined, isPress: boolean): void => {
    const run = at && places.current && nearestLine(places.current, selected, at);
    if (!isPress) onPoint(run);
    // At an axis a press begins or ends a brush.
    else if (run !== undefined && places.current?.x.every((x) => Math.abs(x - at![0]) > AXIS_REACH_PX)) {
      onPress(runs[run]!);
    }
  };
  return { under, over, onPointer };
}

/** Writes a run's name to the left of the end of its line. */
function writeName(context: CanvasRenderingContext2D, name: string, [x, y]: readonly [number, number]): void {
  const look = readLook();
  context.font = `12px ${look.font}`;
  context.textAlign = "right";
  context.textBaseline = "bottom";
  context.lineWidth = 4;
  context.strokeStyle = look.page;
  context.fillStyle = look.ink;
  const text = plainText(name);
  context.strokeText(text, x - 12, y - 4);
  context.fillText(text, x - 12, y - 4);
}
