/** D1 takes 100 bound parameters; one is kept for the values beyond the others, one for whoever reads more by the statement. */
const MAX_SINGLE_PARAMETERS = 98;

/** Collects the bound values of one statement; equal values share a parameter. */
export class Binder {
  readonly #values: (string | number)[];
  readonly #overflow: (string | number)[] = [];
  readonly #placeholders = new Map<string | number, string>();

  /** @param values of a statement that becomes part of this one, whose parameters keep their numbers */
  constructor(values: readonly (string | number)[] = []) {
    this.#values = [...values];
  }

  /** The SQL expression that stands for `value`. */
  bind(value: string | number): string {
    const known = this.#placeholders.get(value);
    if (known !== undefined) return known;
    const placeholder = this.#add(value);
    this.#placeholders.set(value, placeholder);
    return placeholder;
  }

  /** A JSON list as a table-valued function; its column is `value`. */
  list(values: readonly (string | bigint | number)[]): string {
    const items = values.map((value) => (typeof value === "string" ? JSON.stringify(value) : String(value)));
    return `json_each(${this.bind(`[${items.join(",")}]`)})`;
  }

  /**
   * A number, exact: D1 binds no bigint, and would bind ±Infinity as NULL.
   * @returns an expression without a column, so that an index still applies.
   */
  number(value: number | bigint): string {
    if (typeof value === "bigint") return `CAST(${this.bind(String(value))} AS INTEGER)`;
    if (Number.isFinite(value)) return this.bind(value);
    return value > 0 ? "9e999" : "-9e999";
  }

  /**
   * How many rows to give at most. A bare parameter in a LIMIT is something that SQLite (from 3.47) plans by: it would
   * prepare the statement anew each time, by another way for each number.
   */
  limit(rows: number): string {
    return `${this.bind(rows)} + 0`;
  }

  values(): (string | number)[] {
    return this.#overflow.length === 0 ? this.#values : [...this.#values, JSON.stringify(this.#overflow)];
  }

  #add(value: string | number): string {
    if (this.#values.length < MAX_SINGLE_PARAMETERS) return `?${this.#values.push(value)}`;
    return `json_extract(?${MAX_SINGLE_PARAMETERS + 1}, '$[${this.#overflow.push(value) - 1}]')`;
  }
}
