import purify from "dompurify";
import { Marked } from "marked";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** HTML within markdown stands as the text that it is: parsing a handler is already a breach of the page's policy. */
const marked = new Marked({
  gfm: true,
  renderer: { html: ({ text }) => text.replace(/[&<>"]/g, (mark) => ENTITIES[mark] ?? mark) },
});

/**
 * Markdown as nodes in which nothing runs and nothing loads: no scripts, styles, forms or frames; links to http and
 * https only; an image becomes a link to it, as the page asks no other host for anything.
 */
export function markdownFragment(text: string): DocumentFragment {
  const html = marked.parse(text, { async: false });
  const fragment = purify.sanitize(html, {
    USE_PROFILES: { html: true },
    FORBID_TAGS: ["style", "form", "input", "button", "textarea", "select", "audio", "video", "source", "picture"],
    FORBID_ATTR: ["style", "id", "name", "class", "srcset", "background"],
    ALLOW_DATA_ATTR: false,
    ALLOWED_URI_REGEXP: /^https?:\/\//i,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const image of fragment.querySelectorAll("img")) {
    const link = document.createElement("a");
    const source = image.getAttribute("src");
    if (source !== null) link.href = source;
    link.textContent = image.alt || "image";
    image.replaceWith(link);
  }
  for (const link of fragment.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  return fragment;
}
