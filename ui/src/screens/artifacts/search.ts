import * as z from "zod/mini";
import { optional } from "../../parts/search-fields.ts";

/** What the address of a screen with files holds for them: part of its search schema. */
export const artifactSearch = {
  /** Of the chosen file or folder. */
  path: optional(z.string()),
  /** Which of the file's views. */
  show: optional(z.string()),
  /** Of a text: from which byte, or its end. */
  from: optional(z.union([z.literal("end"), z.number().check(z.gte(0))])),
  /** What is sought in a text. */
  find: optional(z.string()),
  /** Of a series of images. */
  step: optional(z.number()),
};
