/** Where D1's primary may be, by its answers, as a hint for an object that should be near it. */
const HINTS: Readonly<Record<string, DurableObjectLocationHint>> = {
  WNAM: "wnam",
  ENAM: "enam",
  WEUR: "weur",
  EEUR: "eeur",
  APAC: "apac",
  OC: "oc",
};

/** As this isolate has heard; none on one machine. */
let primary: DurableObjectLocationHint | undefined;

/** @param region `meta.served_by_region` of a write, which only the primary takes */
export function noteRegion(region: string | undefined): void {
  primary = HINTS[region ?? ""] ?? primary;
}

/** Where an object should be that does nothing but ask D1; undefined while that is not known. */
export function nearD1(): DurableObjectLocationHint | undefined {
  return primary;
}
