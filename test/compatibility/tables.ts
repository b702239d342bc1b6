import { DIFFERENCES } from "../differential/differences.ts";
import type { Coverage } from "./coverage.ts";
import { ABSENT_ENDPOINTS, type Endpoint, isOfEarlierVersions, SERVED_ENDPOINTS } from "./endpoints.ts";

/** The columns of the table: their names in recordings, and their heads. */
const CLIENTS = [
  ["Python 3.17.2", "Python 3.17.2"],
  ["Python 2.8.1", "2.8.1"],
  ["Python 1.30.1", "1.30.1"],
  ["Java 2.17.2", "Java 2.17.2"],
  ["Java 1.22.0", "1.22.0"],
  ["R requests", "R, replayed"],
  ["Stock web UI", "web UI"],
  ["Differential test", "differential"],
] as const;

/** Endpoints whose state is not simply "present". */
const STATES: readonly (readonly [of: RegExp, state: string])[] = [
  [/ mlflow-artifacts\/mpu\//, "parts go to this server, with S3 to the bucket"],
  [/ mlflow-artifacts\/presigned\//, "a URL of this server, with S3 of the bucket"],
  [
    / mlflow\/artifacts\/presigned-/,
    "400, as MLflow for artifacts that its server passes on; a URL of the bucket where clients store in it by themselves and the server has credentials",
  ],
  [/^GET metrics$/, "on one machine, with `--expose-prometheus`"],
  [/ mlflow\/ui-telemetry$/, "yes: off"],
  [/ mlflow\/(gateway-proxy|traces\/|datasets\/|scorers\/)/, "empty, below `/ajax-api` only: there are none"],
];

/** Endpoints that are deliberately absent, by feature. */
const FAMILIES: readonly (readonly [name: string, of: RegExp])[] = [
  ["traces, assessments", /^mlflow\/(traces|unified-traces|get-trace-artifact|get-online-trace-details)\b/],
  ["AI gateway", /^mlflow\/gateway\b/],
  ["scorers, evaluation", /^mlflow\/(scorers?|genai)\//],
  ["evaluation datasets", /^mlflow\/datasets\b/],
  ["issues, label schemas, review queues", /^mlflow\/(issues|label-schemas|review-queues)\b/],
  [
    "prompt optimisation, jobs, prompt lab, demo",
    /^mlflow\/(prompt-optimization|jobs|runs\/create-promptlab-run|demo)\b/,
  ],
  ["webhooks", /^mlflow\/webhooks\b/],
  ["workspaces", /^mlflow\/workspaces\b/],
  ["users, roles, permissions", /^mlflow\/(users|roles|experiments\/permissions|registered-models\/permissions)\b/],
];

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`.replaceAll(/ {2,}/g, " ");
  return [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
}

function stateOf(endpoint: Endpoint): string {
  const special = STATES.find(([of]) => of.test(endpoint))?.[1];
  return special ?? (isOfEarlierVersions(endpoint) ? "yes, for earlier clients" : "yes");
}

/** The table of endpoints, clients and states. */
export function endpointTable(coverage: Coverage): string {
  const rows = SERVED_ENDPOINTS.map((endpoint) => {
    const cells = CLIENTS.map(([client]) => {
      if (coverage[client]?.answered.includes(endpoint)) return "✓";
      return coverage[client]?.refused.includes(endpoint) ? "refused" : "";
    });
    return [`\`${endpoint}\``, ...cells, stateOf(endpoint)];
  });
  return table(["endpoint", ...CLIENTS.map(([, head]) => head), "state"], rows);
}

/** When each client was last recorded, and how many endpoints were answered. */
export function recordingTable(coverage: Coverage): string {
  const rows = CLIENTS.map(([client]) => {
    const recorded = coverage[client];
    return recorded === undefined
      ? [client, "not yet", ""]
      : [client, recorded.recorded, `${recorded.answered.length} of ${SERVED_ENDPOINTS.length}`];
  });
  return table(["client", "recorded", "endpoints answered"], rows);
}

/**
 * The families of endpoints that MLflow has and Trackflare does not.
 * @throws Error for an endpoint that belongs to no family.
 */
export function absentTable(): string {
  const pathOf = (endpoint: Endpoint) => endpoint.slice(endpoint.indexOf(" ") + 1);
  const homeless = ABSENT_ENDPOINTS.filter((endpoint) => !FAMILIES.some(([, of]) => of.test(pathOf(endpoint))));
  if (homeless.length > 0) throw new Error(`Served by MLflow, absent here and in no family: ${homeless.join(", ")}`);
  const rows = FAMILIES.flatMap(([name, of]) => {
    const endpoints = ABSENT_ENDPOINTS.filter((endpoint) => of.test(pathOf(endpoint)));
    const beginnings = new Set(endpoints.map((endpoint) => `\`${beginningOf(pathOf(endpoint))}\``));
    return endpoints.length === 0 ? [] : [[name, [...beginnings].join(", "), String(endpoints.length)]];
  });
  return table(["what", "paths that begin with", "endpoints"], rows);
}

/** The first two parts of a path, or the whole path if another endpoint is served below these parts. */
function beginningOf(path: string): string {
  const beginning = path.split("/").slice(0, 2).join("/");
  return SERVED_ENDPOINTS.some((endpoint) => endpoint.includes(` ${beginning}/`)) ? path : beginning;
}

/** The differences that the differential test accepts, each with its reason. */
export function differenceTable(): string {
  return table(
    ["difference", "why"],
    DIFFERENCES.map(({ name, reason }) => [name, reason]),
  );
}

/** The document with up-to-date generated parts. Each part lies between two comments with its name. */
export function withTables(document: string, coverage: Coverage): string {
  const parts = {
    endpoints: endpointTable(coverage),
    recordings: recordingTable(coverage),
    absent: absentTable(),
    differences: differenceTable(),
  };
  return Object.entries(parts).reduce((text, [name, content]) => {
    const place = new RegExp(`(<!-- ${name}: generated -->\n)[^]*?(<!-- end -->)`);
    if (!place.test(text)) throw new Error(`The document has no place for its table of ${name}`);
    return text.replace(place, (_all, begin: string, end: string) => `${begin}\n${content}\n\n${end}`);
  }, document);
}
