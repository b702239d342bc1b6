import { type DocumentNode, type ExecutionResult, execute, GraphQLError, parse, validate } from "graphql";
import { invalidParameter, MlflowError } from "../../domain/errors.ts";
import type { ServiceContext } from "../../services/context.ts";
import { parseJsonExactly } from "../../wire/json.ts";
import { field, longText, type Message, message, required, string } from "../../wire/message.ts";
import { json } from "../../wire/respond.ts";
import { type Method, type Resource, type Route, route } from "../../wire/route.ts";
import { exceededLimit, MAX_TOKENS } from "./limits.ts";
import { type Asked, ROOT_FIELDS } from "./root-fields.ts";
import { messageField, schema } from "./schema.ts";

type Variables = Readonly<Record<string, unknown>>;

/** Variables are an object, or in a query string the JSON text of an object. */
const variablesField = field<Variables>((value, path) => {
  const variables = typeof value === "string" ? parseVariables(value, path) : value;
  if (typeof variables === "object" && !Array.isArray(variables)) return (variables ?? {}) as Variables;
  throw invalidParameter(`Parameter '${path}' must be an object.`);
});

function parseVariables(text: string, path: string): unknown {
  try {
    return parseJsonExactly(text);
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error;
    throw invalidParameter(`Parameter '${path}' is not JSON.`);
  }
}

const requestMessage = message({ query: required(longText), operationName: string, variables: variablesField });

interface Query {
  readonly document: DocumentNode;
  readonly operationName: string | undefined;
  readonly variables: Variables;
}

/** A valid query with the resources it touches, or the errors in it. GraphQL answers both with status 200. */
type Input = (Query & { readonly resources: readonly Resource[] }) | { readonly errors: readonly GraphQLError[] };

const graphqlInput: Message<Input> = {
  ...requestMessage,
  parse: (value, path) => {
    const { query, operationName, variables = {} } = requestMessage.parse(value, path);
    const document = parseDocument(query);
    const errors = whatIsIllegal(document);
    if (errors.length > 0) return { errors };
    const legal = { document, operationName: operationName || undefined, variables };
    return { ...legal, resources: resourcesOf(legal) };
  },
};

/** @throws MlflowError INVALID_PARAMETER_VALUE for a text that is not GraphQL. */
function parseDocument(text: string): DocumentNode {
  try {
    return parse(text, { maxTokens: MAX_TOKENS, noLocation: true });
  } catch (error) {
    if (error instanceof GraphQLError) throw invalidParameter(error.message);
    if (error instanceof RangeError) throw invalidParameter("The GraphQL document is nested too deeply.");
    throw error;
  }
}

function whatIsIllegal(document: DocumentNode): readonly GraphQLError[] {
  const tooCostly = exceededLimit(document);
  return tooCostly === undefined ? validate(schema(), document) : [tooCostly];
}

/** Runs `query`, passing each root field that it selects to `ask`. */
function run(query: Query, ask: (asked: Asked) => unknown): ReturnType<typeof execute> {
  const rootValue = Object.fromEntries(
    Object.entries(ROOT_FIELDS).map(([name, field]) => [name, (args: Variables) => ask(field(args))]),
  );
  const { document, operationName, variables: variableValues } = query;
  return execute({ schema: schema(), document, operationName, variableValues, rootValue, fieldResolver: messageField });
}

/** The resources that a query touches. The query is run once with empty answers, which resolves fragments and variables. */
function resourcesOf(query: Query): Resource[] {
  const resources: Resource[] = [];
  run(query, (asked) => {
    resources.push(...asked.resources);
    return null;
  });
  // A query that reads only the schema, or only refused fields, touches no data.
  return resources.length > 0 ? resources : [{ kind: "list" }];
}

/** @throws errors that are not the client's fault, so that they become a 5xx as in REST, which is safe to repeat. */
async function answer(ctx: ServiceContext, query: Query): Promise<ExecutionResult> {
  const result = await run(query, (asked) => asked.answer(ctx));
  for (const { originalError: cause } of result.errors ?? []) {
    const isClients = cause instanceof GraphQLError || (cause instanceof MlflowError && cause.status < 500);
    if (cause && !isClients) throw cause;
  }
  return result;
}

const graphqlRoute = (method: Method): Route =>
  route({
    method,
    paths: ["/graphql"],
    permission: { level: "READ", on: (input) => ("errors" in input ? [{ kind: "list" }] : input.resources) },
    input: graphqlInput,
    handle: async ({ ctx, input }) => {
      const result: ExecutionResult = "errors" in input ? input : await answer(ctx, input);
      // As in MLflow, the answer has only the errors' messages.
      return json({ data: result.data ?? null, errors: result.errors?.map((error) => error.message) ?? null });
    },
  });

/** Answers any query of MLflow's schema, which its web UI uses for run and experiment pages. As in MLflow, one per request. */
export const graphqlRoutes: readonly Route[] = [graphqlRoute("GET"), graphqlRoute("POST")];
