import type { MlflowError } from "../domain/errors.ts";
import type { LinkKind } from "../domain/link.ts";
import type { ServiceContext } from "../services/context.ts";
import type { Message } from "./message.ts";

/** MLflow's permission levels, weakest first. */
export const PERMISSION_LEVELS = ["READ", "EDIT", "MANAGE"] as const;
export type PermissionLevel = (typeof PERMISSION_LEVELS)[number];

/** A thing that a call touches, named by ids from the parsed request; `level` where it needs another level than the rule's. */
export type Resource = NamedResource & { readonly level?: PermissionLevel };

type NamedResource =
  /** The server itself, for admins only. */
  | { readonly kind: "server" }
  /** Lists, which every authenticated caller may ask for. The answer holds only what the caller may see. */
  | { readonly kind: "list" }
  /** Something new, which takes a free name. */
  | { readonly kind: "newExperiment" }
  | { readonly kind: "newRegisteredModel" | "newPrompt" }
  /** A user's own account. */
  | { readonly kind: "account"; readonly username: string }
  | { readonly kind: "experiment"; readonly experimentId: string }
  /** All runs, or all logged models, of an experiment. */
  | { readonly kind: "runsOf" | "loggedModelsOf"; readonly experimentId: string }
  | { readonly kind: "experimentName"; readonly name: string }
  /** `path`, where the call touches a file or folder of the run and nothing else of it; as `canonicalArtifactPath` writes it. */
  | { readonly kind: "run"; readonly runId: string; readonly path?: string | undefined }
  | { readonly kind: "loggedModel"; readonly modelId: string; readonly path?: string | undefined }
  | { readonly kind: "registeredModel"; readonly name: string }
  | { readonly kind: "artifact"; readonly objectKey: string };

/**
 * Who may call a route: anyone; a page of this server, whoever its visitor is; or callers who hold `level` on every
 * resource that `on` names. A call that names no resource is refused, and so is a call whose rule throws.
 */
export type Permission<Input> =
  | "public"
  | "page"
  | {
      readonly level: PermissionLevel;
      /**
       * The scope that a token needs. Every call needs `read` or `write`, depending on the level. `artifacts`, for calls
       * that read or change files, is needed in addition; `admin` is needed instead.
       */
      readonly scope?: "artifacts" | "admin";
      readonly on: (input: Input) => readonly Resource[];
      /**
       * The input's `experimentIds`. As in MLflow, experiments whose runs the caller may not read are dropped, and the
       * call continues with the others.
       */
      readonly narrows?: (input: Input) => readonly string[];
      /**
       * The smallest kind of signed links whose page makes the call; no link may make a call without this. A link to a file
       * needs resources with a `path`.
       */
      readonly link?: LinkKind;
    };

export interface Call<Input> {
  readonly ctx: ServiceContext;
  readonly input: Input;
  /** For routes that stream bodies or read headers. Other routes have everything in `input`. */
  readonly request: Request;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A body that is read whole, up to `maxBytes`; `read` turns it into the input. */
export interface BytesInput<Input> {
  readonly kind: "bytes";
  readonly maxBytes: number;
  /** The error for a larger body. */
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
 * Where a route reads D1. Only the web UI's routes say so, because the web UI keeps the bookmarks of answers.
 * - "near": at the replica nearest to the reader, which may be behind the primary.
 * - "near list": the same for callers who see everything. What others see is decided by grants, within the list's statement:
 *   their list is read at the primary.
 * - "newest": at the primary, because live marks are read. The answer has a bookmark.
 *
 * All other routes read the primary, without bookmarks.
 */
export type ReadPlace = "near" | "near list" | "newest";

/**
 * One endpoint. `paths` are all paths that it answers; a path that ends in `/*` takes the rest of the raw target. `input` is
 * read once, so authorization and handler see the same values.
 */
export interface Route<Input = unknown> {
  readonly method: Method;
  readonly paths: readonly string[];
  readonly permission: Permission<Input>;
  readonly input: Message<Input> | BytesInput<Input> | StreamInput<Input>;
  readonly reads?: ReadPlace;
  readonly handle: (call: Call<Input>) => Promise<Response> | Response;
}

/** Declares a route. This is the only way to make one, so that no route lacks a permission. */
export function route<Input>(declaration: Route<Input>): Route {
  // A table of routes has one element type. The cast is safe: only values from `input` reach `permission` and `handle`.
  return declaration as unknown as Route;
}

/** The full paths of an `/mlflow…` path: under `/api` and, for browsers, under `/ajax-api`. */
export function apiPaths(path: string, version: "2.0" | "3.0" = "2.0"): string[] {
  return [`/api/${version}${path}`, `/ajax-api/${version}${path}`];
}

/** As `apiPaths`, plus `/api/2.0/preview`, where 1.x clients find tracking (R) and the registry (Python 1.30). */
export function previewedPaths(path: string): string[] {
  return [...apiPaths(path), `/api/2.0/preview${path}`];
}
