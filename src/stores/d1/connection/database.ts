/** What is left of `D1Database` for those who write: D1 itself is one, and so is the queue before it (write-queue.ts). */
export interface Database {
  prepare(sql: string): Statement;
  /** All in one transaction, or none. */
  batch<Row>(statements: Statement[]): Promise<StatementResult<Row>[]>;
}

export interface Statement {
  bind(...values: unknown[]): Statement;
  all<Row>(): Promise<StatementResult<Row>>;
  first<Row>(): Promise<Row | null>;
  run(): Promise<StatementResult<unknown>>;
}

export interface StatementResult<Row> {
  readonly results: Row[];
  readonly meta: { readonly changes: number };
}
