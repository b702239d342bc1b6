import { useMemo, useSyncExternalStore } from "react";
import { readSetting, writeSetting } from "../parts/settings.ts";

/*
 * A run's look: a colour and a variant (dash and marker). The run's id chooses the colour. If another run on the screen
 * has this colour, the run gets another one. If there are more runs than colours, variants distinguish runs of one
 * colour. Such choices are stored, so that a run looks the same on every screen and in every session. Each colour of
 * the palette has a contrast of at least 3:1 with the light page and with the dark page.
 */

export const RUN_COLOURS = [
  "#0f7f95",
  "#d9572b",
  "#7a5cd0",
  "#3b8f3f",
  "#c9377e",
  "#a87600",
  "#3470d6",
  "#b2443f",
  "#168a71",
  "#a649ba",
  "#7d8523",
  "#5f7f99",
  "#e0457b",
  "#1e8bc3",
  "#bb6a2e",
  "#5f63d8",
  "#5a9218",
  "#b85fa2",
  "#2f9090",
  "#d2494f",
  "#8c6bb1",
  "#94743f",
  "#4c86c9",
  "#6c8a5b",
] as const;

/**
 * The variants, which distinguish runs of one colour: each has its own dash for lines and its own marker for points.
 */
export type Variant = 0 | 1 | 2 | 3;

export interface RunStyle {
  /** `#rrggbb`. */
  readonly colour: string;
  readonly variant: Variant;
}

/** Stretches and gaps of a dashed line, in px. */
export const DASHES: Readonly<Record<Variant, readonly number[]>> = { 0: [], 1: [6, 3], 2: [2, 2.5], 3: [9, 3, 2, 3] };

/** How ECharts calls the shapes of points, as `RunMark` has them. */
export const SYMBOLS: Readonly<Record<Variant, string>> = { 0: "circle", 1: "rect", 2: "diamond", 3: "triangle" };

/** FNV-1a: short, and spreads ids that differ in one character. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193);
  }
  return (sum ^ (sum >>> 15)) >>> 0;
}

const idColour = (runId: string): string => RUN_COLOURS[hash(runId) % RUN_COLOURS.length]!;

const SETTING = "run.colours";
/** With more choices than this, the oldest are forgotten. */
const MAX_KEPT = 3000;
const MAX_KEPT_AT_ONCE = 100;

/** Stored choices by run id, the latest last. A colour that the id chose is not stored. */
const chosen = new Map<string, string>(readKept());
/** Colours that a tag gives a run. They are the same for every reader. */
const tagged = new Map<string, string>();
const listeners = new Set<() => void>();
let version = 0;

function readKept(): [string, string][] {
  try {
    const kept: unknown = JSON.parse(readSetting(SETTING) ?? "{}");
    return Object.entries(kept as Record<string, string>).filter(([, colour]) => isColour(colour));
  } catch {
    return [];
  }
}

/** Whether it is `#rrggbb`: anyone may write a tag. */
export function isColour(text: unknown): text is string {
  return typeof text === "string" && /^#[0-9a-f]{6}$/i.test(text);
}

function changed(): void {
  version++;
  for (const tell of listeners) tell();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** The colours that tags give runs, as far as they are known; null where a run has none. */
export function learnColours(colours: Iterable<readonly [runId: string, colour: string | null]>): void {
  let isNew = false;
  for (const [runId, colour] of colours) {
    const next = isColour(colour) ? colour : undefined;
    if (tagged.get(runId) === next) continue;
    isNew = true;
    if (next === undefined) tagged.delete(runId);
    else tagged.set(runId, next);
  }
  if (isNew) changed();
}

/** The colour of a run, wherever it is. */
export function runColour(runId: string): string {
  return tagged.get(runId) ?? chosen.get(runId) ?? idColour(runId);
}

/** The looks of the runs that charts drew last, so that every mark of such a run agrees with its line. */
let shown: ReadonlyMap<string, RunStyle> = new Map();

/** A run's look beside charts: in tables and lists. */
export function runStyle(runId: string): RunStyle {
  return shown.get(runId) ?? { colour: runColour(runId), variant: 0 };
}

/** As {@link runStyle}; the component renders again when the look changes. */
export function useRunStyle(runId: string): RunStyle {
  const look = useSyncExternalStore(subscribe, () => {
    const { colour, variant } = runStyle(runId);
    return colour + variant;
  });
  return { colour: look.slice(0, -1), variant: Number(look.slice(-1)) as Variant };
}

/** Colours that are nearer than this in OKLab look alike. */
const ALIKE = 0.09;
/** With more runs than this, readers cannot tell the colours apart anyway. */
const FEW_RUNS = 12;

/**
 * Looks for runs that are on the screen together, as different as possible. A run keeps its colour. If two runs have
 * the same colour (or, among few runs, similar colours), the later run takes the free colour that is farthest from all
 * others. If no colour is free, it takes another variant.
 */
export function stylesOf(runIds: readonly string[], colourOf = runColour): Map<string, RunStyle> {
  const styles = new Map<string, RunStyle>();
  const used = new Set<string>();
  const variants = new Map<string, number>();
  const isFew = runIds.length <= FEW_RUNS;
  for (const runId of runIds) {
    if (styles.has(runId)) continue;
    let colour = colourOf(runId);
    const isTaken = variants.has(colour) || (isFew && [...used].some((one) => distance(one, colour) < ALIKE));
    if (isTaken && !tagged.has(runId)) colour = farthest(used, colour);
    const variant = (variants.get(colour) ?? 0) % 4;
    variants.set(colour, (variants.get(colour) ?? 0) + 1);
    used.add(colour);
    styles.set(runId, { colour, variant: variant as Variant });
  }
  return styles;
}

/** The colour of the palette that is farthest from the colours in use; `fallback` if all are in use. */
function farthest(used: ReadonlySet<string>, fallback: string): string {
  let best = fallback;
  let most = 0;
  for (const colour of RUN_COLOURS) {
    if (used.has(colour)) continue;
    const nearest = Math.min(...[...used].map((one) => distance(one, colour)));
    if (nearest > most) {
      most = nearest;
      best = colour;
    }
  }
  return best;
}

const NO_STYLES: ReadonlyMap<string, RunStyle> = new Map();

/**
 * As {@link stylesOf}. The looks are stored for the next screen with these runs, unless there are more runs than charts
 * draw. Only one component of a page may choose: two components with different runs would undo each other's choices.
 */
export function useRunStyles(runIds: readonly string[]): ReadonlyMap<string, RunStyle> {
  const now = useSyncExternalStore(subscribe, () => version);
  const joined = runIds.join();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version stands for the colours
  return useMemo(() => {
    if (joined === "") return NO_STYLES;
    const styles = stylesOf(joined.split(","));
    if (styles.size <= MAX_KEPT_AT_ONCE) keep(styles);
    show(styles);
    return styles;
  }, [joined, now]);
}

/** The looks of runs that another component of the page draws too, as that component chose them. */
export function useShownStyles(runIds: readonly string[]): ReadonlyMap<string, RunStyle> {
  const now = useSyncExternalStore(subscribe, () => version);
  const drawn = useSyncExternalStore(subscribe, () => shown);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the version and what is drawn stand for the looks
  return useMemo(() => new Map(runIds.map((id) => [id, runStyle(id)])), [runIds, now, drawn]);
}

/** Other components are told after the current rendering. */
function show(styles: ReadonlyMap<string, RunStyle>): void {
  const isSame = (id: string, { colour, variant }: RunStyle): boolean => {
    const old = shown.get(id);
    return old?.colour === colour && old.variant === variant;
  };
  if (styles.size === shown.size && [...styles].every(([id, style]) => isSame(id, style))) return;
  shown = styles;
  queueMicrotask(tellShown);
}

function tellShown(): void {
  for (const tell of listeners) tell();
}

function keep(styles: ReadonlyMap<string, RunStyle>): void {
  let isNew = false;
  for (const [runId, { colour }] of styles) {
    if (runColour(runId) === colour) continue;
    isNew = true;
    chosen.delete(runId);
    chosen.set(runId, colour);
  }
  if (!isNew) return;
  for (const runId of [...chosen.keys()].slice(0, -MAX_KEPT)) chosen.delete(runId);
  writeSetting(SETTING, JSON.stringify(Object.fromEntries(chosen)));
  // Other components are told after this rendering.
  queueMicrotask(changed);
}

const labs = new Map<string, readonly [number, number, number]>();

/** The distance of two colours in OKLab, as the eye sees it. */
export function distance(one: string, other: string): number {
  const [a, b] = [labOf(one), labOf(other)];
  return Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

/** Source: Björn Ottosson, "A perceptual color space for image processing". */
function labOf(colour: string): readonly [number, number, number] {
  const known = labs.get(colour);
  if (known !== undefined) return known;
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const long = Math.cbrt(0.4122214708 * red + 0.5363325363 * green + 0.0514459929 * blue);
  const middle = Math.cbrt(0.2119034982 * red + 0.6806995451 * green + 0.1073969566 * blue);
  const short = Math.cbrt(0.0883024619 * red + 0.2817188376 * green + 0.6299787005 * blue);
  const lab = [
    0.2104542553 * long + 0.793617785 * middle - 0.0040720468 * short,
    1.9779984951 * long - 2.428592205 * middle + 0.4505937099 * short,
    0.0259040371 * long + 0.7827717662 * middle - 0.808675766 * short,
  ] as const;
  labs.set(colour, lab);
  return lab;
}
