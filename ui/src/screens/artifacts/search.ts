import * as z from "zod/mini";
import { optional } from "../../parts/search-fields.ts";

/** The state of files that the address of a screen holds: a part of the screen's search schema. */
export const artifactSearch = {
  /** Of the chosen file or folder. */
  path: optional(z.string()),
  /** Which of the file's views. */
  show: optional(z.string()),
  /** Of a text: from which byte, or its end. */
  from: optional(z.union([z.literal("end"), z.number().check(z.gte(0))])),
  /** The words to find in a text. */
  find: optional(z.string()),
  /** Of a series of images. */
  step: optional(z.number()),
};
