/**
 * D1 takes 100 bound parameters. One is reserved for the values beyond the limit, one for code that adds reads to the
 * statement.
 */
const MAX_SINGLE_PARAMETERS = 98;

/** Collects the bound values of one statement; equal values share a parameter. */
export class Binder {
  readonly #values: (string | number)[];
  readonly #overflow: (string | number)[] = [];
  readonly #placeholders = new Map<string | number, string>();

  /** @param values the values of a statement that becomes part of this one; its parameters keep their numbers */
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
   * Binds a number exactly: D1 cannot bind a bigint, and would bind ±Infinity as NULL.
   * @returns an expression without a column, so that SQLite can still use an index.
   */
  number(value: number | bigint): string {
    if (typeof value === "bigint") return `CAST(${this.bind(String(value))} AS INTEGER)`;
    if (Number.isFinite(value)) return this.bind(value);
    return value > 0 ? "9e999" : "-9e999";
  }

  /**
   * The most rows to return, for a LIMIT. From 3.47 on, SQLite plans by the value of a bare parameter in a LIMIT: it would
   * prepare the statement again each time, with a different plan for each number.
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
