/**
 * The part of `D1Database` that writers use. D1 itself implements it, and so does the queue in front of D1
 * (write-queue.ts).
 */
export interface Database {
  prepare(sql: string): Statement;
  /** Runs all statements in one transaction, or none. */
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

/** A statement that its database runs as a batch of one. */
export abstract class BatchedStatement<Db extends Database> implements Statement {
  protected readonly db: Db;

  constructor(db: Db) {
    this.db = db;
  }

  abstract bind(...values: unknown[]): Statement;

  async all<Row>(): Promise<StatementResult<Row>> {
    const [result] = await this.db.batch<Row>([this]);
    return result!;
  }

  async first<Row>(): Promise<Row | null> {
    return (await this.all<Row>()).results[0] ?? null;
  }

  run(): Promise<StatementResult<unknown>> {
    return this.all();
  }
}
