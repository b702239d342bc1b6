import purify from "dompurify";
import { Marked } from "marked";
import { colouredLines, TOKEN_CLASSES } from "./syntax.ts";

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Makes the markup of a formula in LaTeX, within a line or as a block. */
export type MathMarkup = (formula: string, isBlock: boolean) => string;

/** The start of an address that is no path. */
const SCHEME = /^([a-z][a-z\d+.-]*:|\/\/)/i;

export interface MarkdownOptions {
  /** Parses formulas, if the text may have some. */
  readonly math?: MathMarkup | undefined;
  /** The address of an image with a path, such as a file of the run. Undefined shows a link instead. */
  readonly imageUrl?: ((path: string) => string | undefined) | undefined;
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (mark) => ENTITIES[mark] ?? mark);

const RENDERER = {
  /** HTML within markdown is shown as text, because even parsing an event handler would violate the page's policy. */
  html: ({ text }: { text: string }) => escaped(text),
  /** The attribute carries the language through the sanitiser. `colourCode` takes it away. */
  code: ({ text, lang = "" }: { text: string; lang?: string | undefined }) =>
    `<pre><code lang="${escaped(lang.split(/[\s{:]/, 1)[0]!.toLowerCase())}">${escaped(text)}\n</code></pre>`,
};

const plain = new Marked({ gfm: true, renderer: RENDERER });

/** `$…$` within a line, and `$$…$$`. A dollar before a digit is money, and an escaped dollar is a dollar. */
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
 * https only; an image of another host becomes a link to it, as the page asks no other host for anything.
 */
export function markdownFragment(text: string, { math, imageUrl }: MarkdownOptions = {}): DocumentFragment {
  const html = (math === undefined ? plain : withMath(math)).parse(text, { async: false });
  const fragment = purify.sanitize(html, {
    USE_PROFILES: { html: true, mathMl: true },
    FORBID_TAGS: ["style", "form", "input", "button", "textarea", "select", "audio", "video", "source", "picture"],
    FORBID_ATTR: ["style", "id", "name", "class", "srcset", "background"],
    ALLOW_DATA_ATTR: false,
    // An address without a scheme is a path: of an image it may be a file of the run, of a link it is nothing.
    ALLOWED_URI_REGEXP: /^(https?:\/\/|(?![a-z][a-z\d+.-]*:|\/\/))/i,
    RETURN_DOM_FRAGMENT: true,
  });
  for (const image of fragment.querySelectorAll("img")) {
    const path = image.getAttribute("src") ?? "";
    const own = path === "" || SCHEME.test(path) ? undefined : imageUrl?.(path);
    if (own !== undefined) {
      image.src = own;
      image.loading = "lazy";
      continue;
    }
    const link = document.createElement("a");
    const source = image.getAttribute("src");
    if (source !== null && /^https?:\/\//i.test(source)) link.href = source;
    link.textContent = image.alt || "image";
    image.replaceWith(link);
  }
  for (const link of fragment.querySelectorAll("a")) {
    if (!/^https?:\/\//i.test(link.getAttribute("href") ?? "")) link.removeAttribute("href");
    link.target = "_blank";
    link.rel = "noopener noreferrer";
  }
  for (const code of fragment.querySelectorAll("code[lang]")) colourCode(code);
  return fragment;
}

/** Longer blocks stay plain. */
const MAX_CODE = 100_000;

/** Gives a block of code its colours. */
function colourCode(code: Element): void {
  const language = code.getAttribute("lang")!;
  code.removeAttribute("lang");
  const text = code.textContent;
  if (language === "" || text.length > MAX_CODE) return;
  const tokens = colouredLines(text, language);
  const nodes = text.split("\n").flatMap((_, index): (Node | string)[] => {
    const line = tokens(index).map((token) => {
      if (token.kind === undefined) return token.text;
      const span = document.createElement("span");
      span.className = TOKEN_CLASSES[token.kind];
      span.textContent = token.text;
      return span;
    });
    return index === 0 ? line : ["\n", ...line];
  });
  code.replaceChildren(...nodes);
}
