import { randomText } from "./api-token.ts";

/*
 * Signed links: addresses that show one thing, read-only, to whoever has them. A link's address is
 * `<server>/shared/<link id>/#<secret>`. A browser never sends what follows the `#`, so the secret is in no log and in no
 * Referer header. The page exchanges the secret for a cookie (services/access/links.ts).
 */

const ID_LENGTH = 12;
/** 43 characters hold 256 bits. */
const SECRET_LENGTH = 43;

const SECRET = new RegExp(`^[0-9A-Za-z]{${SECRET_LENGTH}}$`);

/** What a link shows; it shows nothing else. */
export type LinkReach =
  /** Experiments, with their active runs and logged models. */
  | { readonly kind: "experiments"; readonly experimentIds: readonly string[] }
  /** Runs, with the logged models that they made. */
  | { readonly kind: "runs"; readonly runIds: readonly string[] }
  /** A file, or a folder with everything below it, of a run or of a logged model. */
  | { readonly kind: "file"; readonly runId?: string; readonly modelId?: string; readonly path: string };

/** What a link shows, as answers and the audit log name it. Fields that do not apply are absent. */
export function reachFields(reach: LinkReach): Readonly<Record<string, unknown>> {
  switch (reach.kind) {
    case "experiments":
      return { kind: reach.kind, experiment_ids: reach.experimentIds };
    case "runs":
      return { kind: reach.kind, run_ids: reach.runIds };
    case "file":
      return { kind: reach.kind, run_ids: reach.runId && [reach.runId], model_id: reach.modelId, path: reach.path };
  }
}

/** The kinds of links, the narrowest first. What a narrow link needs, a wider one needs too. */
export const LINK_KINDS = ["file", "runs", "experiments"] as const;
export type LinkKind = (typeof LINK_KINDS)[number];

/** Whether a call that is open to links of the kind `smallest` is open to links of the kind `kind`. */
export function isWideEnough(kind: LinkKind, smallest: LinkKind): boolean {
  return LINK_KINDS.indexOf(kind) >= LINK_KINDS.indexOf(smallest);
}

/** Whether a path, as `canonicalArtifactPath` writes it, is a link's file, or is in a link's folder. */
export function isPathWithin(path: string, linked: string): boolean {
  return path === linked || path.startsWith(`${linked}/`);
}

/** The two parts of a link's address. */
export interface LinkParts {
  /** Identifies the link; not secret. */
  readonly linkId: string;
  readonly secret: string;
}

export function newLink(): LinkParts {
  return { linkId: randomText(ID_LENGTH), secret: randomText(SECRET_LENGTH) };
}

export function isLinkSecret(text: string): boolean {
  return SECRET.test(text);
}

/** A link's address, relative to the server's. */
export function linkAddress({ linkId, secret }: LinkParts): string {
  return `shared/${linkId}/#${secret}`;
}
