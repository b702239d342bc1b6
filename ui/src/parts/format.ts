/* Numbers, times and sizes as text. Pure, and the same everywhere; the exact value belongs in a title. */

/** A metric's value: `digits` significant ones, NaN and ±∞ by name, very large and very small ones by exponent. */
export function formatMetric(value: number, digits = 5): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return Object.is(value, -0) ? "−0" : "0";
  const size = Math.abs(value);
  const isInteger = Number.isInteger(value) && size < 1e15;
  if (isInteger && size < 10 ** Math.max(digits, 6)) return withMinus(String(value));
  if (size >= 1e6 || size < 1e-4) {
    const [mantissa = "", exponent = ""] = value.toExponential(digits - 1).split("e");
    return withMinus(`${trimZeros(mantissa)}e${exponent.replace("+", "")}`);
  }
  return withMinus(trimZeros(value.toPrecision(digits)));
}

/** Every digit of a value, as it would be written in a program. */
export function formatExact(value: number): string {
  return Object.is(value, -0) ? "-0.0" : String(value);
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

function withMinus(text: string): string {
  return text.startsWith("-") ? `−${text.slice(1)}` : text;
}

/** A count with thousands apart: `10,000`. */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
] as const;

/** A span of time by its two largest units: `2h 5m`, `3m 20s`, `4.2s`, `85ms`. */
export function formatDuration(durationMs: number): string {
  if (!Number.isFinite(durationMs)) return "–";
  const ms = Math.max(0, durationMs);
  if (ms < 1000) return `${Math.round(ms)}ms`;
  if (ms < 9950) return `${(ms / 1000).toFixed(1)}s`;
  const whole = Math.round(ms / 1000) * 1000;
  const first = UNITS.findIndex(([, size]) => whole >= size);
  const [unit, size] = UNITS[first]!;
  const next = UNITS[first + 1];
  const rest = next && Math.floor((whole % size) / next[1]);
  return rest ? `${Math.floor(whole / size)}${unit} ${rest}${next[0]}` : `${Math.floor(whole / size)}${unit}`;
}

/** How long ago, or in how long: `now`, `5m ago`, `3d ago`; beyond 30 days the date, `2026-05-01`. */
export function formatRelative(timeMs: number, nowMs: number): string {
  const span = Math.abs(nowMs - timeMs);
  if (span < 10_000) return "now";
  if (span > 30 * 86_400_000) return formatTime(timeMs).slice(0, 10);
  const [unit, size] = UNITS.find(([, size]) => span >= size) ?? UNITS[3];
  const text = `${Math.floor(span / size)}${unit}`;
  return timeMs <= nowMs ? `${text} ago` : `in ${text}`;
}

/** The time in the reader's zone, to the second: `2026-11-21 12:04:59`. */
export function formatTime(timeMs: number): string {
  const time = new Date(timeMs);
  if (Number.isNaN(time.getTime())) return "–";
  const two = (part: number): string => String(part).padStart(2, "0");
  const date = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join("-");
  return `${date} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":")}`;
}

/** A size by powers of 1000: `512 B`, `1.5 MB`. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const names = ["kB", "MB", "GB", "TB"];
  const power = Math.min(names.length, Math.floor(Math.log10(bytes) / 3));
  const scaled = bytes / 1000 ** power;
  return `${scaled < 10 ? trimZeros(scaled.toFixed(1)) : Math.round(scaled)} ${names[power - 1]}`;
}

/** The first line of a text in markdown without its marks: for lists. */
export function firstLine(markdown: string): string {
  const line = markdown.trim().split("\n", 1)[0] ?? "";
  return line
    .replace(/^[#>\s]+/, "")
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/\*+|`+|~~/g, "");
}

/** The start of an id, which distinguishes runs of the same name. */
export const shortId = (id: string): string => id.slice(0, 6);
