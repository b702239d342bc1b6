import { type DocumentNode, type FragmentDefinitionNode, GraphQLError, Kind, type SelectionSetNode } from "graphql";

/** MLflow's limits (`mlflow/server/graphql/graphql_no_batching.py`, and the defaults of its environment variables). */
const MAX_ROOT_FIELDS = 10;
const MAX_ALIASES = 10;
const MAX_DEPTH = 10;
const MAX_FIELDS = 1000;

/** Trackflare's own limit, which bounds the time and stack for parsing. The web UI's documents have 300 tokens. */
export const MAX_TOKENS = 4000;

interface Counts {
  rootFields: number;
  fields: number;
  /** The largest number of aliases on one level. */
  aliases: number;
}

/**
 * Whether a document would cost too much to check or to run. Fragments count where they are used.
 * @returns the error, in MLflow's words, or undefined.
 */
export function exceededLimit(document: DocumentNode): GraphQLError | undefined {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const counts: Counts = { rootFields: 0, fields: 0, aliases: 0 };
  try {
    for (const definition of document.definitions) {
      if (definition.kind === Kind.OPERATION_DEFINITION) countLevel(definition.selectionSet, 1, fragments, counts);
    }
  } catch (error) {
    if (error instanceof GraphQLError) return error;
    throw error;
  }
  return tooMany(counts.rootFields, MAX_ROOT_FIELDS, "root fields") ?? tooMany(counts.aliases, MAX_ALIASES, "aliases");
}

/** @throws GraphQLError as soon as a limit of depth or fields is exceeded. */
function countLevel(
  level: SelectionSetNode,
  depth: number,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
  counts: Counts,
): void {
  if (depth > MAX_DEPTH) throw new GraphQLError(`Query exceeds maximum depth of ${MAX_DEPTH}`);
  let aliases = 0;
  const spread = new Set<string>();
  const countSelections = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        counts.fields += 1;
        if (counts.fields > MAX_FIELDS) {
          throw new GraphQLError(`Query exceeds maximum total selections of ${MAX_FIELDS}`);
        }
        if (depth === 1) counts.rootFields += 1;
        if (selection.alias) aliases += 1;
        if (selection.selectionSet) countLevel(selection.selectionSet, depth + 1, fragments, counts);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        countSelections(selection.selectionSet);
      } else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        const fragment = fragments.get(selection.name.value);
        if (fragment) countSelections(fragment.selectionSet);
      }
    }
  };
  countSelections(level);
  counts.aliases = Math.max(counts.aliases, aliases);
}

function tooMany(count: number, most: number, what: string): GraphQLError | undefined {
  if (count <= most) return undefined;
  return new GraphQLError(`GraphQL queries should have at most ${most} ${what}, got ${count} ${what}.`);
}
