/** The names of the migrations applied to the database; undefined if the table of migrations does not exist. */
export async function appliedMigrations(db: D1Database): Promise<Set<string> | undefined> {
  try {
    const { results } = await db.prepare("SELECT name FROM d1_migrations").all<{ name: string }>();
    return new Set(results.map((row) => row.name));
  } catch (error) {
    if (error instanceof Error && /no such table/.test(error.message)) return undefined;
    throw error;
  }
}
