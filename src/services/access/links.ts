import { doesNotExist, invalidParameter, MlflowError } from "../../domain/errors.ts";
import { isExperimentId, isRunId } from "../../domain/ids.ts";
import { type LinkParts, type LinkReach, newLink, reachFields } from "../../domain/link.ts";
import { checkLength } from "../../domain/names.ts";
import { deleteLink, findLink, findLinks, insertLink, type Link } from "../../stores/d1/access/links.ts";
import { findUser } from "../../stores/d1/access/users.ts";
import type { ServiceContext } from "../context.ts";
import { recorded } from "./audit.ts";
import { closed, hashOfLink, openedUntil, proofOfLink } from "./link-claim.ts";
import { userNotFound } from "./users.ts";

const MAX_NAME_LENGTH = 200;
const MAX_ADDRESS_LENGTH = 8000;
/** As many runs as the web UI compares. */
const MAX_RUNS = 100;
const MAX_EXPERIMENTS = 100;
/** Maximum number of links per maker. */
const MAX_LINKS = 1000;
const DAY_SECONDS = 86_400;
const LIFETIME_SECONDS = 7 * DAY_SECONDS;
const MIN_LIFETIME_SECONDS = 60;
const MAX_LIFETIME_SECONDS = 366 * DAY_SECONDS;
/** How long an expired link stays in lists. */
const REMEMBERED_MS = 30 * DAY_SECONDS * 1000;

/** What a link shall show, as a request names it. */
export interface AskedLink {
  readonly experimentIds?: readonly string[] | undefined;
  readonly runIds?: readonly string[] | undefined;
  readonly modelId?: string | undefined;
  /** A file or folder of the one run, or of the model, as `canonicalArtifactPath` writes it. */
  readonly path?: string | undefined;
  readonly address?: string | undefined;
  readonly name?: string | undefined;
  readonly expiresInSeconds?: number | undefined;
}

/**
 * Creates a link. The route has checked that the caller manages what the link shows.
 * @returns the link, and the parts of its address, which are shown only once.
 * @throws MlflowError INVALID_PARAMETER_VALUE; PERMISSION_DENIED for a caller whose token may not read files.
 */
export async function createLink(
  ctx: ServiceContext,
  asked: AskedLink,
): Promise<{ readonly link: Link; readonly parts: LinkParts }> {
  const { principal } = ctx;
  const reach = reachOf(asked);
  const { name = "", address = "", expiresInSeconds = LIFETIME_SECONDS } = asked;
  checkLength("name of the link", name, MAX_NAME_LENGTH);
  checkAddress(address);
  if (expiresInSeconds < MIN_LIFETIME_SECONDS || expiresInSeconds > MAX_LIFETIME_SECONDS) {
    throw invalidParameter(`expires_in_seconds must be from ${MIN_LIFETIME_SECONDS} to ${MAX_LIFETIME_SECONDS}.`);
  }
  const scopes = principal.narrowing?.scopes;
  if (scopes !== undefined && !(scopes.has("read") && scopes.has("artifacts"))) {
    throw new MlflowError(
      "PERMISSION_DENIED",
      "A link shows files too: the token needs the scopes read and artifacts.",
    );
  }
  const nowMs = Date.now();
  const parts = newLink();
  const link = {
    linkId: parts.linkId,
    userId: principal.user?.userId ?? 0,
    secretHash: await hashOfLink(ctx.env, parts),
    name,
    reach,
    address,
    creationTimeMs: nowMs,
    expirationTimeMs: nowMs + expiresInSeconds * 1000,
  };
  const detail = { ...reachFields(reach), expiration_time: link.expirationTimeMs };
  if (
    !(await insertLink(
      recorded(ctx, { action: "link.create", ...target(parts.linkId), detail }),
      link,
      MAX_LINKS,
      nowMs - REMEMBERED_MS,
    ))
  ) {
    throw invalidParameter(`One maker has at most ${MAX_LINKS} links: revoke some first.`);
  }
  const username = principal.user === undefined ? null : principal.username;
  return { link: { ...link, username, lastUsedTimeMs: undefined }, parts };
}

/** The caller's links. An admin may also list another user's, or everybody's. */
export async function listLinks(ctx: ServiceContext, username: string | undefined): Promise<Link[]> {
  const { principal, db } = ctx;
  if (username === undefined && principal.isAdmin) return await findLinks(db, undefined);
  const own = principal.user?.userId ?? 0;
  return await findLinks(
    db,
    username === undefined || username === principal.username ? own : await idOf(ctx, username),
  );
}

/** @throws MlflowError RESOURCE_DOES_NOT_EXIST, also for another's link */
export async function revokeLink(ctx: ServiceContext, linkId: string): Promise<void> {
  const { principal } = ctx;
  const link = await findLink(ctx.db, linkId);
  const isTold = link !== undefined && (principal.isAdmin || link.userId === principal.user?.userId);
  const writes = recorded(ctx, { action: "link.revoke", ...target(linkId) });
  if (!isTold || !(await deleteLink(writes, linkId))) {
    throw doesNotExist(`Link with link_id=${linkId} not found`);
  }
}

/** A visitor's pass: the value of a cookie, and how long it is valid. */
export interface LinkPass {
  readonly value: string;
  readonly untilMs: number;
}

/**
 * Exchanges a link's secret for a pass.
 * @throws MlflowError UNAUTHENTICATED for a wrong secret, and for a link that was revoked or has expired.
 */
export async function openLink({ env, db }: ServiceContext, parts: LinkParts): Promise<LinkPass> {
  const nowMs = Date.now();
  const [link, hash] = await Promise.all([findLink(db, parts.linkId), hashOfLink(env, parts)]);
  const found = openedUntil(link, hash, nowMs);
  return { value: await proofOfLink(env, found.link, found.untilMs), untilMs: found.untilMs };
}

/** The link by which the caller came. @throws MlflowError UNAUTHENTICATED where it was revoked meanwhile */
export async function getOwnLink({ db, principal }: ServiceContext): Promise<Link> {
  const link = await findLink(db, principal.link?.linkId ?? "");
  if (link === undefined) throw closed();
  return link;
}

const target = (linkId: string) => ({ targetType: "link", targetId: linkId }) as const;

function reachOf({ experimentIds = [], runIds = [], modelId, path }: AskedLink): LinkReach {
  const [experiments, runs] = [[...new Set(experimentIds)], [...new Set(runIds)]];
  const kinds = [experiments.length > 0, runs.length > 0, modelId !== undefined].filter(Boolean).length;
  if (kinds !== 1) throw invalidParameter("A link needs one of experiment_ids, run_ids and model_id.");
  if (experiments.length > MAX_EXPERIMENTS || runs.length > MAX_RUNS) {
    throw invalidParameter(`A link shows at most ${MAX_EXPERIMENTS} experiments or ${MAX_RUNS} runs.`);
  }
  const wrong = experiments.find((id) => !isExperimentId(id)) ?? runs.find((id) => !isRunId(id));
  if (wrong !== undefined) throw invalidParameter(`'${wrong}' is no id.`);
  if (modelId === undefined && path === undefined) {
    return experiments.length > 0
      ? { kind: "experiments", experimentIds: experiments }
      : { kind: "runs", runIds: runs };
  }
  if (path === undefined || path === "") throw invalidParameter("A link to a file needs its path.");
  if (modelId !== undefined) return { kind: "file", modelId, path };
  const [runId, another] = runs;
  if (runId === undefined || another !== undefined) throw invalidParameter("A link to a file needs its one run.");
  return { kind: "file", runId, path };
}

/** An address within the web UI: what follows the `#`. */
function checkAddress(address: string): void {
  checkLength("address", address, MAX_ADDRESS_LENGTH);
  if (address !== "" && !/^\/(?![/\\])[^\s\\]*$/.test(address)) {
    throw invalidParameter("The address must begin with one slash, and have no blank and no backslash.");
  }
}

async function idOf({ db }: ServiceContext, username: string): Promise<number> {
  const user = await findUser(db, username);
  if (user === undefined) throw userNotFound(username);
  return user.userId;
}
