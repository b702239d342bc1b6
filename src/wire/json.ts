/** Integers with more digits than this are far beyond int64 and slow to parse exactly, so they stay doubles. */
const MAX_EXACT_DIGITS = 400;

/**
 * Parses JSON, keeping integers that a double would round as bigint. Bare `NaN`, `Infinity` and `-Infinity` are numbers:
 * Python's `json.dumps` writes them when a loss diverges.
 *
 * The slower exact parse runs only for bodies that contain an integer of 16 digits or more (nearly every measured value
 * has as many digits after its point). The search for bare constants runs only for texts that are not JSON.
 * @throws SyntaxError when `text` is neither JSON nor JSON with bare constants.
 */
export function parseJsonExactly(text: string): unknown {
  try {
    return /(?<![.\d])\d{16}/.test(text) ? JSON.parse(text, exactly) : JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError && /NaN|Infinity/.test(text))) throw error;
    return parseWithConstants(text);
  }
}

type Reviver = (key: string, value: unknown, context?: { readonly source?: string }) => unknown;

const exactly: Reviver = (_key, value, context) => {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return source.length <= MAX_EXACT_DIGITS && /^-?\d+$/.test(source) ? BigInt(source) : value;
};

/** Matches a string, which is kept, or a bare constant in the place of a value. */
const STRING_OR_CONSTANT = /"[^"\\]*(?:\\.[^"\\]*)*"|(?<=^|[\s:,[])(?:NaN|(?<sign>-?)Infinity)(?=$|[\s,\]}])/gs;

function parseWithConstants(text: string): unknown {
  // JSON can spell infinities, as numbers beyond a double, but not NaN. A zero that no client can guess stands for NaN.
  const nan = `0e${crypto.getRandomValues(new Uint32Array(2)).join("")}`;
  const json = text.replace(STRING_OR_CONSTANT, (found, sign: string | undefined) =>
    found.startsWith('"') ? found : found === "NaN" ? nan : `${sign}1e999`,
  );
  const revive: Reviver = (key, value, context) =>
    context?.source === nan ? Number.NaN : exactly(key, value, context);
  return JSON.parse(json, revive);
}
