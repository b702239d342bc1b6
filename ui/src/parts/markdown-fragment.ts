import purify from "dompurify";
import { Marked } from "marked";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Makes the markup of a formula in LaTeX, in a line or as a block of its own. */
export type MathMarkup = (formula: string, isBlock: boolean) => string;

/** HTML within markdown stands as the text that it is: parsing a handler is already a breach of the page's policy. */
const RENDERER = { html: ({ text }: { text: string }) => text.replace(/[&<>"]/g, (mark) => ENTITIES[mark] ?? mark) };

const plain = new Marked({ gfm: true, renderer: RENDERER });

/** `$…$` in a line, and `$$…$$`; a dollar before a digit is money, and one that is escaped a dollar. */
const INLINE = /^\$\$([^$]+?)\$\$|^\$(?![\s\d])((?:\\.|[^$\n\\])+?)(?<!\s)\$(?!\d)|^\\\((.+?)\\\)/s;

function withMath(math: MathMarkup): Marked {
  return new Marked({
    gfm: true,
    renderer: RENDERER,
    extensions: [
      {
        name: "math",
        level: "inline",
        start: (text) => {
          const at = text.search(/\$|\\\(/);
          return at < 0 ? undefined : at;
        },
        tokenizer: (text) => {
          const match = INLINE.exec(text);
          if (match === null) return undefined;
          const [raw, block, inline, bracketed] = match;
          return { type: "math", raw, formula: block ?? inline ?? bracketed ?? "", isBlock: block !== undefined };
        },
        renderer: (token) => math(String(token.formula).trim(), token.isBlock === true),
      },
    ],
  });
}

/**
 * Markdown as nodes in which nothing runs and nothing loads: no scripts, styles, forms or frames; links to http and
 * https only; an image becomes a link to it, as the page asks no other host for anything.
 */
export function markdownFragment(text: string, math?: MathMarkup): DocumentFragment {
  const html = (math === undefined ? plain : withMath(math)).parse(text, { async: false });
  const fragment = purify.sanitize(html, {
    USE_PROFILES: { html: true, mathMl: true },
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
