import { jsonLists } from "../connection/json-lists.ts";

/*
 * The *document* of a run: the part of an answer that SQL renders as JSON text, `"outputs":{…},"data":{…},"inputs":{…}`.
 * Without it a page of a thousand runs would be twenty thousand rows from D1. Runs at rest keep the text in
 * `run_documents`, whose rows triggers delete when anything of the run changes. Other documents are rendered when they are
 * read.
 *
 * SQLite's JSON functions print doubles with 15 digits. `%!.17g` reproduces a double bit for bit, but only near 1. The rare
 * other values leave an `@` in the text and are read as separate numbers.
 */

/** Most bytes of a part of more than one row; D1 allows strings of 2,000,000 bytes. */
const PART_BYTES = 500_000;

/** A longer document costs more to store than to render. */
export const MAX_STORED_LENGTH = 100_000;

const IS_FAR = "(value <> 0 AND abs(value) NOT BETWEEN 1e-18 AND 1e18)";

/** This cannot occur inside a JSON string, because quotes are escaped there. */
const FAR_VALUE = '"value":@';

const METRIC_JSON = `'{"key":' || json_quote(key) || ',"value":' ||
  CASE WHEN is_nan THEN '"NaN"' WHEN ${IS_FAR} THEN '@' ELSE printf('%!.17g', value) END
  || ',"timestamp":' || timestamp || ',"step":' || step || '}'`;

const KEY_VALUE_JSON = `'{"key":' || json_quote(key) || ',"value":' || json_quote(value) || '}'`;

const MODEL_OUTPUT_JSON = `'{"model_id":' || json_quote(model_id) || ',"step":' || step || '}'`;

const DATASET_INPUT_JSON = `json_patch('{}', json_object(
  'tags', json((SELECT nullif(json_group_array(json_object('key', t.key, 'value', t.value)), '[]') FROM input_tags t
    WHERE t.run_id = i.run_id AND t.dataset_id = i.dataset_id)),
  'dataset', json_object('name', d.name, 'digest', d.digest, 'source_type', d.source_type,
    'source', d.source, 'schema', d.schema, 'profile', d.profile)))`;

/**
 * SQL: about how many bytes the document of run `r` will have. A page of runs needs this for runs without a stored
 * document. Each metric, param and tag counts with its names and quotes.
 */
const RENDERED_BYTES_SQL = `(
  (SELECT coalesce(sum(90 + octet_length(m.key)), 0) FROM latest_metrics m WHERE m.run_id = r.run_id)
  + (SELECT coalesce(sum(25 + octet_length(p.key) + octet_length(p.value)), 0) FROM params p WHERE p.run_id = r.run_id)
  + (SELECT coalesce(sum(25 + octet_length(t.key) + octet_length(t.value)), 0) FROM tags t WHERE t.run_id = r.run_id)
  + (SELECT coalesce(sum(200 + octet_length(s.source) + coalesce(octet_length(s.schema), 0)
      + coalesce(octet_length(s.profile), 0)), 0)
    FROM inputs i JOIN datasets s ON s.dataset_id = i.dataset_id WHERE i.run_id = r.run_id))`;

/** Most bytes that SQL renders as one text. D1 allows strings of 2,000,000 bytes. */
const MAX_INLINE_BYTES = 1_000_000;

const member = (name: string, rows: string): string =>
  `coalesce(',"${name}":[' || (SELECT group_concat(json) FROM (${rows})) || ']', '')`;

const DOCUMENT_SQL = `'"outputs":{'
  || substr(${member("model_outputs", `SELECT ${MODEL_OUTPUT_JSON} AS json FROM model_outputs WHERE run_id = r.run_id ORDER BY model_id`)}, 2)
  || '},"data":{' || substr(
    ${member("metrics", `SELECT ${METRIC_JSON} AS json FROM latest_metrics WHERE run_id = r.run_id ORDER BY key`)}
    || ${member("params", `SELECT ${KEY_VALUE_JSON} AS json FROM params WHERE run_id = r.run_id ORDER BY key`)}
    || ${member("tags", `SELECT ${KEY_VALUE_JSON} AS json FROM tags WHERE run_id = r.run_id ORDER BY key`)}, 2)
  || '},"inputs":{' || substr(${member(
    "dataset_inputs",
    `SELECT ${DATASET_INPUT_JSON} AS json FROM inputs i JOIN datasets d ON d.dataset_id = i.dataset_id
     WHERE i.run_id = r.run_id ORDER BY i.dataset_id`,
  )}, 2) || '}'`;

/**
 * SQL: the document of run `r`. If it has more than `longest` bytes, or does not fit one text: about how many bytes it has.
 * @param longest an SQL expression
 */
export function documentSql(longest: string): string {
  return `(WITH b AS MATERIALIZED (SELECT ${RENDERED_BYTES_SQL} AS bytes)
    SELECT CASE WHEN bytes > min(${longest}, ${MAX_INLINE_BYTES}) THEN bytes ELSE ${DOCUMENT_SQL} END FROM b)`;
}

/** The runs asked for: `?1` is a JSON list of their ids. */
const ASKED = "SELECT value FROM json_each(?1)";

function partsOf(rows: string): string {
  return `SELECT run_id, group_concat(json) AS part FROM (
      SELECT run_id, json, sum(length(CAST(json AS BLOB))) OVER (PARTITION BY run_id ORDER BY position) / ${PART_BYTES} AS part
      FROM (${rows}))
    GROUP BY run_id, part ORDER BY run_id, part`;
}

const METRICS = partsOf(
  `SELECT run_id, key AS position, ${METRIC_JSON} AS json FROM latest_metrics WHERE run_id IN (${ASKED})`,
);
const PARAMS = partsOf(
  `SELECT run_id, key AS position, ${KEY_VALUE_JSON} AS json FROM params WHERE run_id IN (${ASKED})`,
);
const TAGS = partsOf(`SELECT run_id, key AS position, ${KEY_VALUE_JSON} AS json FROM tags WHERE run_id IN (${ASKED})`);
const DATASET_INPUTS = partsOf(
  `SELECT i.run_id, i.dataset_id AS position, ${DATASET_INPUT_JSON} AS json
   FROM inputs i JOIN datasets d ON d.dataset_id = i.dataset_id WHERE i.run_id IN (${ASKED})`,
);

const MODEL_OUTPUTS = partsOf(
  `SELECT run_id, model_id AS position, ${MODEL_OUTPUT_JSON} AS json
   FROM model_outputs WHERE run_id IN (${ASKED})`,
);

const FAR_VALUES = `SELECT run_id, value FROM latest_metrics WHERE run_id IN (${ASKED}) AND ${IS_FAR}
  ORDER BY run_id, key`;

interface PartRow {
  run_id: string;
  part: string;
}

interface FarRow {
  run_id: string;
  value: number;
}

/** A run with more metrics than this has too long a document to store, so it is not claimed. */
const MAX_STORED_METRICS = 1000;

const CLAIM = `INSERT INTO run_documents (run_id, document, stamp)
  SELECT r.run_id, ?2, random() & 9007199254740991 FROM runs r WHERE r.run_id IN (${ASKED}) AND r.live_epoch IS NULL
    AND (SELECT count(*) FROM (SELECT 1 FROM latest_metrics m WHERE m.run_id = r.run_id LIMIT ${MAX_STORED_METRICS}))
      < ${MAX_STORED_METRICS}
  ON CONFLICT DO UPDATE SET document = excluded.document, stamp = excluded.stamp RETURNING run_id`;

/** The beginning of every document. Documents that an earlier release stored begin differently and are rendered again. */
const BEGINNING = '"outputs":';

/** Whether a stored text is a document, and not the claim of one that is being written. */
export function isDocument(text: string | null): text is string {
  return text?.startsWith(BEGINNING) === true;
}

/** Whether a text of {@link documentSql} is complete, with no numbers missing. */
export function isWhole(text: string): boolean {
  return !text.includes(FAR_VALUE);
}

/**
 * Renders the documents of runs that have none. Runs at rest are claimed in the same transaction and their documents stored
 * afterwards; a change in between drops the claim, so that a stale document is never stored.
 * @param storeLater takes work that goes on after the answer; losing it costs only the next reader's time.
 * @returns documents by run id, for each of `runIds`.
 */
export async function renderDocuments(
  db: D1Database,
  runIds: readonly string[],
  storeLater: (work: Promise<unknown>) => void,
): Promise<Map<string, string>> {
  const ids = JSON.stringify(runIds);
  const claim = `claim:${crypto.randomUUID()}`;
  const results = await db.batch<PartRow>([
    ...[METRICS, PARAMS, TAGS, DATASET_INPUTS, MODEL_OUTPUTS, FAR_VALUES].map((sql) => db.prepare(sql).bind(ids)),
    db.prepare(CLAIM).bind(ids, claim),
  ]);
  const [metrics = [], params = [], tags = [], inputs = [], outputs = [], far = [], claimed = []] = results.map(
    (result) => result.results,
  );
  fillFarValues(metrics, far as unknown as FarRow[]);
  const parts = [metrics, params, tags, inputs, outputs].map(groupByRun);
  const documents = new Map(runIds.map((runId) => [runId, renderDocument(parts.map((part) => part.get(runId)))]));
  const storable = claimed.flatMap(({ run_id: runId }) => {
    const document = documents.get(runId) ?? "";
    return document.length <= MAX_STORED_LENGTH ? [[runId, document] as const] : [];
  });
  if (storable.length > 0) storeLater(storeDocuments(db, claim, storable));
  return documents;
}

/** Inserts the numbers at their placeholders in the parts. Both are in the order of run and key. */
function fillFarValues(metrics: readonly PartRow[], far: readonly FarRow[]): void {
  if (far.length === 0) return;
  let next = 0;
  for (const row of metrics) row.part = row.part.replaceAll(FAR_VALUE, () => `"value":${far[next++]?.value}`);
}

function groupByRun(rows: readonly PartRow[]): Map<string, string> {
  const texts = new Map<string, string>();
  for (const { run_id: runId, part } of rows) {
    const before = texts.get(runId);
    texts.set(runId, before === undefined ? part : `${before},${part}`);
  }
  return texts;
}

/** Omits empty lists, as protobuf's JSON does. */
function renderDocument([metrics, params, tags, inputs, outputs]: readonly (string | undefined)[]): string {
  const list = (name: string, items: string | undefined) => (items === undefined ? [] : [`"${name}":[${items}]`]);
  const data = [list("metrics", metrics), list("params", params), list("tags", tags)].flat();
  const made = list("model_outputs", outputs);
  return `${BEGINNING}{${made}},"data":{${data.join(",")}},"inputs":{${list("dataset_inputs", inputs)}}`;
}

/** Writes documents over their claims. */
async function storeDocuments(
  db: D1Database,
  claim: string,
  documents: readonly (readonly [runId: string, document: string])[],
): Promise<void> {
  const statement = db.prepare(
    `UPDATE run_documents SET document = j.value ->> 1 FROM json_each(?1) j
     WHERE run_id = j.value ->> 0 AND document = ?2`,
  );
  const lists = jsonLists(documents.map((document) => JSON.stringify(document)));
  await db.batch(lists.map((list) => statement.bind(list, claim)));
}
