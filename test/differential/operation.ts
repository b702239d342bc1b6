import type { Json, JsonObject } from "./json.ts";
import type { World } from "./world.ts";

/** One endpoint, and how the test calls it. */
export interface Operation {
  /** Such as `runs/create`. */
  readonly name: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** The relative frequency of its calls. */
  readonly weight: number;
  /**
   * `reads`: the call changes nothing, so its message may have any shape. `scrap`: if MLflow misreads a malformed message, this
   * affects only the things that `World.pick` reserves for such messages. `exact`: a misread message would affect later reads.
   */
  readonly effect: "reads" | "scrap" | "exact";
  /** Whether the message is sent only in the shape of modern clients. */
  readonly isPlain?: boolean;
  /** Wire names of required fields. */
  readonly required: readonly string[];
  /** Makes a message, mostly a valid one. */
  readonly message: (world: World) => JsonObject;
  /** The path with its prefix, if it is not `/api/2.0/mlflow/<name>`. It may contain symbols of ids. */
  readonly path?: (world: World, message: JsonObject) => string;
  /** A body that is not a JSON message. */
  readonly rawBody?: (world: World) => string;
  /** Takes the oracle's answer, with symbols for ids. */
  readonly learn?: (body: Json, world: World, message: JsonObject) => void;
}
