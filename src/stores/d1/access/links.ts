import { GRANT_LEVELS } from "../../../domain/access.ts";
import type { LinkReach } from "../../../domain/link.ts";
import type { Database } from "../connection/database.ts";
import type { links } from "../schema/access.ts";
import type { StoredRow } from "../schema/rows.ts";
import {
  ask,
  type Decision,
  type DecisionRow,
  found,
  heldLevel,
  heldOnChild,
  ITEM,
  type Question,
  toDecision,
} from "./decisions.ts";
import { grantedLevel } from "./levels.ts";

/** A link as its maker sees it. Times are milliseconds since 1970. */
export interface Link {
  readonly linkId: string;
  /** 0 for the admin of the server's settings, and for an open server. */
  readonly userId: number;
  /** The maker's name; null where `userId` is 0. */
  readonly username: string | null;
  readonly name: string;
  readonly reach: LinkReach;
  /** The address within the web UI that the link opens; "" for the thing's own page. */
  readonly address: string;
  readonly creationTimeMs: number;
  readonly expirationTimeMs: number;
  /** Accurate to a quarter of an hour. */
  readonly lastUsedTimeMs: number | undefined;
}

/** A link with the hash that a visitor's secret is compared with. */
export interface StoredLink extends Link {
  readonly secretHash: string;
}

type LinkRow = StoredRow<typeof links> & { readonly username: string | null };

/** SQL: links `l` with their makers `u`. A link whose maker is no longer a user is not found. */
const FROM = "links l LEFT JOIN users u ON u.user_id = l.user_id";
const HAS_MAKER = "(l.user_id = 0 OR u.user_id IS NOT NULL)";

function toLink(row: LinkRow): StoredLink {
  return {
    linkId: row.link_id,
    userId: row.user_id,
    username: row.username,
    secretHash: row.secret_hash,
    name: row.name,
    reach: toReach(row),
    address: row.address,
    creationTimeMs: row.creation_time,
    expirationTimeMs: row.expiration_time,
    lastUsedTimeMs: row.last_used_time ?? undefined,
  };
}

function toReach({ experiment_ids, run_ids, model_id, path }: LinkRow): LinkReach {
  const runIds = run_ids === null ? [] : (JSON.parse(run_ids) as string[]);
  if (path !== null) {
    return { kind: "file", path, ...(model_id === null ? { runId: runIds[0] ?? "" } : { modelId: model_id }) };
  }
  if (experiment_ids === null) return { kind: "runs", runIds };
  return { kind: "experiments", experimentIds: JSON.parse(experiment_ids) as string[] };
}

function fromReach(reach: LinkReach) {
  const columns = { experimentIds: null, runIds: null, modelId: null, path: null };
  switch (reach.kind) {
    case "experiments":
      return { ...columns, experimentIds: JSON.stringify(reach.experimentIds) };
    case "runs":
      return { ...columns, runIds: JSON.stringify(reach.runIds) };
    case "file":
      return {
        ...columns,
        runIds: reach.runId === undefined ? null : JSON.stringify([reach.runId]),
        modelId: reach.modelId ?? null,
        path: reach.path,
      };
  }
}

/**
 * SQL: the level of a link `l` on a thing, before the level is cut to READ: its maker's level, if the link shows the thing and
 * the thing is not deleted.
 */
function linkLevelSql(): string {
  const isAdmin = "(l.user_id = 0 OR u.is_admin)";
  const onExperiment = (id: string) => grantedLevel("l.user_id", "'experiment'", id);
  const onChild = (type: string, id: string) => heldOnChild(isAdmin, grantedLevel("l.user_id", type), onExperiment(id));
  const shown = (test: string, level: string) => `iif(${test}, ${level}, ${GRANT_LEVELS.DENY})`;
  const inExperiments = (id: string) => `${id} IN (SELECT CAST(value AS INTEGER) FROM json_each(l.experiment_ids))`;
  const inRuns = (id: string) => `${id} IN (SELECT value FROM json_each(l.run_ids))`;
  const experiment = `experiments e WHERE e.experiment_id = CAST(${ITEM.id} AS INTEGER)`;
  const isActive = (alias: string) => `${alias}.lifecycle_stage = 'active'`;
  const hasRun = `EXISTS (SELECT 1 FROM json_each(l.run_ids) lr JOIN runs r ON r.run_id = lr.value
    WHERE r.experiment_id = e.experiment_id)`;
  const ofModel = `(m.model_id = l.model_id OR (l.path IS NULL AND ${inRuns("m.source_run_id")}))`;
  return `CASE ${ITEM.kind}
  WHEN 'experiment' THEN ${found(
    shown(
      `${isActive("e")} AND ${inExperiments("e.experiment_id")}`,
      heldLevel(isAdmin, onExperiment("e.experiment_id")),
    ),
    experiment,
  )}
  WHEN 'run' THEN ${found(
    shown(
      `${isActive("r")} AND (${inExperiments("r.experiment_id")} OR ${inRuns("r.run_id")})`,
      onChild("'run'", "r.experiment_id"),
    ),
    `runs r WHERE r.run_id = ${ITEM.id}`,
  )}
  WHEN 'loggedModel' THEN ${found(
    shown(
      `${isActive("m")} AND (${inExperiments("m.experiment_id")} OR ${ofModel})`,
      onChild("'logged_model'", "m.experiment_id"),
    ),
    `logged_models m WHERE m.model_id = ${ITEM.id}`,
  )}
  WHEN 'runsOf' THEN ${found(
    shown(
      `${isActive("e")} AND (${inExperiments("e.experiment_id")} OR (l.path IS NULL AND ${hasRun}))`,
      onChild("'run'", "e.experiment_id"),
    ),
    experiment,
  )}
END AS level`;
}

/** ?3 are the things, ?4 is the default level. ?2 is unused: other callers' statements have it. */
const BY_LINK = `SELECT l.*, u.username, coalesce(u.is_admin, 1) AS is_admin, ${linkLevelSql()}
  FROM ${FROM} LEFT JOIN json_each(?3) j ON TRUE
  WHERE l.link_id = ?1 AND ?2 IS NULL AND ${HAS_MAKER} ORDER BY j.key`;

/**
 * The link's levels on these things, by its maker's present rights: at most READ. A link has no level on things of other kinds.
 * @returns undefined if there is no such link, or its maker is gone; `isAdmin` is the maker's
 */
export async function decideForLink(
  db: D1Database,
  linkId: string,
  question: Question,
): Promise<{ readonly link: StoredLink; readonly decision: Decision } | undefined> {
  const rows = await ask<DecisionRow & LinkRow>(db, BY_LINK, [linkId, null], question);
  const [first] = rows;
  if (first === undefined) return undefined;
  const { isAdmin, levels } = toDecision(rows, question);
  const cut = levels.map((level) => (typeof level === "number" ? Math.min(level, GRANT_LEVELS.READ) : null));
  return { link: toLink(first), decision: { isAdmin, levels: cut } };
}

export async function findLink(db: D1Database, linkId: string): Promise<StoredLink | undefined> {
  const sql = `SELECT l.*, u.username FROM ${FROM} WHERE l.link_id = ? AND ${HAS_MAKER}`;
  const row = await db.prepare(sql).bind(linkId).first<LinkRow>();
  return row === null ? undefined : toLink(row);
}

/** Links, the newest first. @param userId undefined for the links of all makers */
export async function findLinks(db: D1Database, userId: number | undefined): Promise<Link[]> {
  const { results } = await db
    .prepare(
      `SELECT l.*, u.username FROM ${FROM} WHERE l.user_id = coalesce(?, l.user_id) AND ${HAS_MAKER}
       ORDER BY l.creation_time DESC, l.link_id`,
    )
    .bind(userId ?? null)
    .all<LinkRow>();
  return results.map(toLink);
}

export type NewLink = Omit<StoredLink, "username" | "lastUsedTimeMs">;

/**
 * Inserts a link, and deletes all that expired before `forgottenMs`, in one transaction.
 * @returns whether the link was inserted; false if its maker has `most` links, or was deleted.
 */
export async function insertLink(db: Database, link: NewLink, most: number, forgottenMs: number): Promise<boolean> {
  const { experimentIds, runIds, modelId, path } = fromReach(link.reach);
  const [, inserted] = await db.batch([
    db.prepare("DELETE FROM links WHERE expiration_time < ?").bind(forgottenMs),
    db
      .prepare(
        `INSERT INTO links (link_id, user_id, secret_hash, name, experiment_ids, run_ids, model_id, path, address,
           creation_time, expiration_time)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
         WHERE (?2 = 0 OR EXISTS (SELECT 1 FROM users WHERE user_id = ?2))
           AND (SELECT count(*) FROM links WHERE user_id = ?2) < ?12`,
      )
      .bind(
        link.linkId,
        link.userId,
        link.secretHash,
        link.name,
        experimentIds,
        runIds,
        modelId,
        path,
        link.address,
        link.creationTimeMs,
        link.expirationTimeMs,
        most,
      ),
  ]);
  return (inserted?.meta.changes ?? 0) > 0;
}

/** @returns whether there was such a link. */
export async function deleteLink(db: Database, linkId: string): Promise<boolean> {
  const { meta } = await db.prepare("DELETE FROM links WHERE link_id = ?").bind(linkId).run();
  return meta.changes > 0;
}

export async function noteLinkUse(db: D1Database, linkId: string, nowMs: number): Promise<void> {
  const sql = "UPDATE links SET last_used_time = max(coalesce(last_used_time, 0), ?2) WHERE link_id = ?1";
  await db.prepare(sql).bind(linkId, nowMs).run();
}
