import type { MlflowError } from "../domain/errors.ts";
import type { ServiceContext } from "../services/context.ts";
import type { Message } from "./message.ts";

/** MLflow's permission levels, weakest first. */
export const PERMISSION_LEVELS = ["READ", "EDIT", "MANAGE"] as const;
export type PermissionLevel = (typeof PERMISSION_LEVELS)[number];

/** What a call touches, named by ids from its parsed request; `level` where it needs another than its rule's. */
export type Resource = NamedResource & { readonly level?: PermissionLevel };

type NamedResource =
  /** What is the admin's alone. */
  | { readonly kind: "server" }
  /** What everybody who is signed in may ask for; the answer holds what the caller may see. */
  | { readonly kind: "list" }
  /** A name that is taken with it. */
  | { readonly kind: "newExperiment" }
  | { readonly kind: "newRegisteredModel" }
  /** A user's own account. */
  | { readonly kind: "account"; readonly username: string }
  | { readonly kind: "experiment"; readonly experimentId: string }
  | { readonly kind: "experimentName"; readonly name: string }
  | { readonly kind: "run"; readonly runId: string }
  | { readonly kind: "loggedModel"; readonly modelId: string }
  | { readonly kind: "registeredModel"; readonly name: string }
  | { readonly kind: "artifact"; readonly objectKey: string };

/**
 * Who may call a route: anyone; a page of this server, whoever is before it; or callers who hold `level` on every resource
 * that `on` names. A call that names no resource is refused, and so is one whose rule throws.
 */
export type Permission<Input> =
  | "public"
  | "page"
  | {
      readonly level: PermissionLevel;
      /**
       * What a token needs here. `artifacts`, where a file is read or changed, beside `read` or `write`, which follow
       * from the level; `admin` in place of these.
       */
      readonly scope?: "artifacts" | "admin";
      readonly on: (input: Input) => readonly Resource[];
      /**
       * The input's `experimentIds`, of which those are dropped whose runs the caller may not read, as MLflow does: the
       * call goes on with the others.
       */
      readonly narrows?: (input: Input) => readonly string[];
    };

export interface Call<Input> {
  readonly ctx: ServiceContext;
  readonly input: Input;
  /** For routes that stream bodies or read headers; others have all they need in `input`. */
  readonly request: Request;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A body that is read whole, up to `maxBytes`; `read` makes the input of it. */
export interface BytesInput<Input> {
  readonly kind: "bytes";
  readonly maxBytes: number;
  /** Says that a body is larger. */
  readonly tooLarge?: () => MlflowError;
  readonly read: (request: Request, body: Uint8Array<ArrayBuffer>) => Input | Promise<Input>;
}

/** A body that the handler streams, or none: the input comes from the request's head. */
export interface StreamInput<Input> {
  readonly kind: "stream";
  readonly read: (request: Request) => Input | Promise<Input>;
}

export function bytes<Input>(of: Omit<BytesInput<Input>, "kind">): BytesInput<Input> {
  return { kind: "bytes", ...of };
}

export function stream<Input>(read: StreamInput<Input>["read"]): StreamInput<Input> {
  return { kind: "stream", read };
}

/** The input of a route that asks for nothing. */
export const nothing: StreamInput<undefined> = stream(() => undefined);

/**
 * One endpoint. `paths` are all the places it answers at; a path that ends in `/*` takes the rest of the raw target.
 * `input` is read once: authorization and handler see the same values.
 */
export interface Route<Input = unknown> {
  readonly method: Method;
  readonly paths: readonly string[];
  readonly permission: Permission<Input>;
  readonly input: Message<Input> | BytesInput<Input> | StreamInput<Input>;
  readonly handle: (call: Call<Input>) => Promise<Response> | Response;
}

/** Declares a route; the one way to make one, so that none exists without a permission. */
export function route<Input>(declaration: Route<Input>): Route {
  // A table of routes has one element type; only what `input` gave ever reaches `permission` and `handle`.
  return declaration as unknown as Route;
}

/** Where an `/mlflow…` path answers: under `/api` and, for browsers, under `/ajax-api`. */
export function apiPaths(path: string, version: "2.0" | "3.0" = "2.0"): string[] {
  return [`/api/${version}${path}`, `/ajax-api/${version}${path}`];
}

/** The same and `/api/2.0/preview`, where clients of the 1.x era find tracking (R) and the registry (Python 1.30). */
export function previewedPaths(path: string): string[] {
  return [...apiPaths(path), `/api/2.0/preview${path}`];
}
