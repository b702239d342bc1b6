import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Client, type Result, ROOT, type Skip } from "./client.ts";

const FILE = join(ROOT, "docs/clients.md");

const HEAD = `# Heavy clients

The last result of each client of \`npm run test:clients\`, as \`npm run test:clients -- --record\` wrote it.

| client | pinned | what is run | result | on |
| --- | --- | --- | --- | --- |
`;

/** Writes the results into docs/clients.md. Clients that did not run this time keep their rows. */
export function record(clients: readonly Client[], outcomes: ReadonlyMap<string, Result | Skip>): void {
  const before = new Map(
    readFileSync(FILE, "utf8")
      .split("\n")
      .map((line) => [/^\| `(.+?)` /.exec(line)?.[1], line]),
  );
  const day = new Date().toISOString().slice(0, 10);
  const rows = clients.map((client) => {
    const outcome = outcomes.get(client.name);
    if (outcome === undefined) return before.get(client.name) ?? row(client, "not run yet", "");
    return row(client, describe(outcome), day);
  });
  writeFileSync(FILE, `${HEAD}${rows.join("\n")}\n`);
}

/** `3 passed, 0 failed`, or the reason why no test ran. */
export function describe(outcome: Result | Skip): string {
  return "reason" in outcome ? `skipped: ${outcome.reason}` : `${outcome.passed} passed, ${outcome.failed} failed`;
}

function row(client: Client, result: string, day: string): string {
  return `| \`${client.name}\` | ${client.versions()} | ${client.what} | ${result} | ${day} |`;
}
