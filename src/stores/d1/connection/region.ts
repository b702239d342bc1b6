/** The regions of D1's primary, as D1's answers name them, and the location hint for an object that should be near it. */
const HINTS: Readonly<Record<string, DurableObjectLocationHint>> = {
  WNAM: "wnam",
  ENAM: "enam",
  WEUR: "weur",
  EEUR: "eeur",
  APAC: "apac",
  OC: "oc",
};

/** The region as this isolate has learned it; undefined when D1 runs on one machine. */
let primary: DurableObjectLocationHint | undefined;

/** @param region `meta.served_by_region` of a write, which only the primary takes */
export function noteRegion(region: string | undefined): void {
  primary = HINTS[region ?? ""] ?? primary;
}

/** Where to place an object that only talks to D1; undefined while the region is not known. */
export function nearD1(): DurableObjectLocationHint | undefined {
  return primary;
}
