import {
  type GraphQLFieldResolver,
  type GraphQLOutputType,
  GraphQLSchema,
  getNullableType,
  isEnumType,
  isListType,
  isObjectType,
} from "graphql";
import { component, mutationType, queryType } from "./schema-types.ts";

let built: GraphQLSchema | undefined;

/**
 * MLflow's schema. An isolate's first query builds it, so that isolates without queries start faster. It lacks the
 * directives of GraphQL's specification (`@include` …), which MLflow's server does not support.
 */
export function schema(): GraphQLSchema {
  built ??= new GraphQLSchema({ query: queryType, mutation: mutationType, directives: [component] });
  return built;
}

/**
 * A field of a REST message by its GraphQL name. snake_case becomes camelCase. As in MLflow, a field that the message leaves
 * out has protobuf's default.
 */
export const messageField: GraphQLFieldResolver<Readonly<Record<string, unknown>>, unknown> = (
  message,
  args,
  ctx,
  info,
) => {
  const { fieldName } = info;
  const value = message[Object.hasOwn(message, fieldName) ? fieldName : snakeCase(fieldName)];
  const found: unknown = typeof value === "function" ? value(args, ctx) : value;
  return found instanceof Promise
    ? found.then((one) => orDefault(one, info.returnType))
    : orDefault(found, info.returnType);
};

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The value, or protobuf's default where it is undefined. An explicit `null` stays. */
function orDefault(value: unknown, type: GraphQLOutputType): unknown {
  const named = getNullableType(type);
  if (isListType(named)) return value === undefined ? [] : value;
  if (isObjectType(named)) return value === undefined ? {} : value;
  // An enum's zero has no name in the schema.
  if (value === null || isEnumType(named)) return value;
  switch (named.toString()) {
    case "Boolean":
      return value ?? false;
    case "Float":
      // A text stands for a number that JSON lacks, such as NaN.
      return typeof value === "string" ? null : Number(value ?? 0);
    case "LongString":
      return String(value ?? 0);
    default:
      return value ?? "";
  }
}
