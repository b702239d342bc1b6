/* The little XML that S3 uses. S3's answers are flat and have no tags in texts, so an element can be found by its tags. */

/** The text of the first element with this name; "" if there is none. */
export function xmlText(xml: string, name: string): string {
  return unescapeXml(new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1] ?? "");
}

/** The contents of all elements with this name. */
export function xmlElements(xml: string, name: string): string[] {
  return [...xml.matchAll(new RegExp(`<${name}>(.*?)</${name}>`, "gs"))].map(([, inside = ""]) => inside);
}

export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (mark) => `&#${mark.charCodeAt(0)};`);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(\w+));/gi, (whole, decimal, hex, name) => {
    if (decimal) return String.fromCodePoint(Number(decimal));
    return hex ? String.fromCodePoint(Number.parseInt(hex, 16)) : (ENTITIES[name] ?? whole);
  });
}

/**
 * Reads the keys of a list that was requested with `encoding-type=url`. A store that encodes them says so in the list; others
 * ignore the request. The encoding is that of forms, so a plus is a space.
 */
export function keyReader(list: string): (key: string) => string {
  if (xmlText(list, "EncodingType") !== "url") return (key) => key;
  return (key) => decodeURIComponent(key.replaceAll("+", " "));
}
