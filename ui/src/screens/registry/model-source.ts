/** The logged model that a version was registered from: `models:/m-…`. */
export function sourceModelId(source: string): string | undefined {
  return /^models:\/(m-[^/]+)/.exec(source)?.[1];
}

/**
 * The page that shows a version's files: of the logged model that it was registered from, or of the run whose artifacts hold
 * them. undefined where they are elsewhere.
 */
export function filesHref(source: string, run: { artifactUri: string; href: string } | undefined): string | undefined {
  const modelId = sourceModelId(source);
  if (modelId !== undefined) return `#/logged-models/${modelId}?tab=artifacts`;
  if (run === undefined) return undefined;
  const root = run.artifactUri.replace(/\/*$/, "/");
  const path = source.startsWith(root) ? source.slice(root.length) : /^runs:\/[^/]+\/(.+)$/.exec(source)?.[1];
  return path === undefined
    ? undefined
    : `${run.href}?tab=artifacts&path=${encodeURIComponent(path.replace(/\/+$/, ""))}`;
}
