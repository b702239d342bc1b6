import { useNow } from "./clock.ts";
import { formatDuration, formatExact, formatMetric, formatRelative, formatTime } from "./format.ts";

/** The time that has passed since then. The title has the exact time. A missing time is a dash. */
export function Time({ timeMs, isExact = false }: { timeMs: number | null | undefined; isExact?: boolean }) {
  const nowMs = useNow();
  if (timeMs === null || timeMs === undefined || !Number.isFinite(timeMs)) return <Dash />;
  const exact = formatTime(timeMs);
  return (
    <time dateTime={new Date(timeMs).toISOString()} title={exact} className="whitespace-nowrap">
      {isExact ? exact : formatRelative(timeMs, nowMs)}
    </time>
  );
}

/** A run's span; one without an end grows. */
export function Duration({ startMs, endMs }: { startMs: number | null | undefined; endMs: number | null | undefined }) {
  const nowMs = useNow(endMs === null || endMs === undefined);
  if (startMs === null || startMs === undefined) return <Dash />;
  const ms = (endMs ?? Math.max(nowMs, startMs)) - startMs;
  return (
    <span title={`${ms} ms`} className="whitespace-nowrap">
      {formatDuration(ms)}
    </span>
  );
}

/** A metric's value, shortened, with every digit in its title; NaN and ±Infinity by name. */
export function Metric({ value, digits }: { value: number | string | null | undefined; digits?: number }) {
  if (value === null || value === undefined) return <Dash />;
  const number = Number(value);
  return (
    <span title={formatExact(number)} className="whitespace-nowrap">
      {formatMetric(number, digits)}
    </span>
  );
}

/** Stands for no value. */
export function Dash() {
  return (
    <span className="text-ink-faint">
      <span aria-hidden>–</span>
      <span className="sr-only">none</span>
    </span>
  );
}
