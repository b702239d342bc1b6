/** The digest of a record that was written completely. */
export const DIGEST_TAG = "trackflare.digest";

/** The id that a record had at its source. MLflow's API gives every record another id. */
export const OLD_ID_TAGS = {
  experiment: "trackflare.experiment_id",
  run: "trackflare.run_id",
  logged_model: "trackflare.model_id",
} as const;

/** A deletion comes after the tag, because deleted things take no tags. So the tag tells that one is to come. */
const TO_DELETE = "deleted ";

/** The value of {@link DIGEST_TAG} for a record that is written completely, but for its deletion. */
export function notedDigest(digest: string, isDeleted: boolean): string {
  return isDeleted ? TO_DELETE + digest : digest;
}

/** The digest of a record that is written completely; undefined for one that is not. */
export function digestIn(value: string | undefined, isDeleted: boolean): string | undefined {
  if (value?.startsWith(TO_DELETE) !== true) return value;
  return isDeleted ? value.slice(TO_DELETE.length) : undefined;
}
