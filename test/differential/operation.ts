import type { Json, JsonObject } from "./json.ts";
import type { World } from "./world.ts";

/** One endpoint, and how to call it. */
export interface Operation {
  /** As `runs/create`. */
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** How often it is called, beside the others. */
  readonly weight: number;
  /**
   * `reads` changes nothing, so it may be sent in any shape. `scrap`: where MLflow reads a badly shaped message as another
   * one, that concerns only what `World.pick` hands out for such messages. `exact`: it would concern what is read later.
   */
  readonly effect: "reads" | "scrap" | "exact";
  /** Only ever sent as modern clients do. */
  readonly isPlain?: boolean;
  /** Wire names of what must be there. */
  readonly required: readonly string[];
  /** A message, mostly one that is fine. */
  readonly message: (world: World) => JsonObject;
  /** The path with its prefix, where it is not `/api/2.0/mlflow/<name>`; may have symbols of ids. */
  readonly path?: (world: World, message: JsonObject) => string;
  /** A body that is no message. */
  readonly rawBody?: (world: World) => string;
  /** Takes what the oracle answered, ids as symbols. */
  readonly learn?: (body: Json, world: World, message: JsonObject) => void;
}
