/* Colours of source text, line by line, so that a log of a gigabyte costs only its visible lines. */

export type TokenKind = "comment" | "string" | "number" | "word" | "key" | "danger" | "warning" | "success";

/** The classes of the colours. */
export const TOKEN_CLASSES: Record<TokenKind, string> = {
  ...{ comment: "text-ink-faint", string: "text-success", number: "text-info", word: "text-accent" },
  ...{ key: "text-accent-strong", danger: "text-danger", warning: "text-warning", success: "text-success" },
};

export interface Token {
  text: string;
  /** undefined for plain text. */
  kind: TokenKind | undefined;
}

interface Language {
  /** Alternatives, each named by its kind. None matches the end of a line or the empty text. */
  rules: RegExp;
  /** The start and the end of a construct of several lines. */
  blocks?: readonly { open: string; close: string; kind: TokenKind }[];
}

const NUMBER = String.raw`(?<number>(?<![\w.])-?(?:0[xX][\da-fA-F]+|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)(?![\w.]))`;
const STRING = String.raw`(?<string>"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)`;
const HASH = "(?<comment>#.*)";
const SLASHES = String.raw`(?<comment>\/\/.*)`;
const C_BLOCKS = [{ open: "/*", close: "*/", kind: "comment" }] as const;

const wordRule = (words: string): string => String.raw`(?<word>(?<![\w$])(?:${words.replaceAll(" ", "|")})(?![\w$]))`;

function language(rules: readonly string[], blocks: Language["blocks"] = [], flags = ""): Language {
  return { rules: new RegExp(rules.join("|"), `g${flags}`), blocks };
}

const PYTHON =
  "and as assert async await break class continue def del elif else except finally for from global if import in is lambda " +
  "match nonlocal not or pass raise return try while with yield True False None self";
const C_LIKE =
  "abstract as async await bool boolean break byte case catch char class const constexpr continue default defer do double " +
  "else enum export extends false final finally float fn for from func function if impl implements import in int interface " +
  "let long match mut namespace new nil null object of override package private protected pub public return short static " +
  "string struct super switch template this throw throws trait true try type typeof undefined use using val var void while yield";
const SHELL =
  "if then else elif fi for while until do done case esac function in return exit export local readonly set unset source " +
  "FROM RUN CMD LABEL EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG";
const SQL =
  "select from where group order by having limit offset join left right inner outer full on as and or not in is null like " +
  "between case when then else end insert into values update set delete create table view index drop alter with distinct union all";
const R = "if else for while repeat in next break function return TRUE FALSE NULL NA NaN Inf library require";

const YAML = language([
  "(?<comment>(?:(?<=^|\\s)#).*)",
  String.raw`(?<key>(?<=^[\s-]*)[\w./<>$][^:#"']*?(?=:(?:\s|$))|(?<=^[\s-]*)"(?:[^"\\]|\\.)*"(?=\s*:))`,
  String.raw`(?<string>(?<=^|[\s[{,])(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'))`,
  String.raw`(?<word>(?<=[:\-,\[]\s)(?:true|false|null|yes|no|on|off|~)(?=\s*(?:$|[,\]}#]))|(?<=\s)[&*!][\w.!-]+|^---)`,
  NUMBER,
]);
const INI = language([
  "(?<comment>^\\s*[#;].*)",
  String.raw`(?<word>^\s*\[.*\]|(?<![\w$])(?:true|false)(?![\w$]))`,
  String.raw`(?<key>^\s*[\w."-]+(?=\s*[=:]))`,
  STRING,
  NUMBER,
]);
const JSON_LINES = language([
  String.raw`(?<key>"(?:[^"\\]|\\.)*"(?=\s*:))`,
  String.raw`(?<string>"(?:[^"\\]|\\.)*"?)`,
  wordRule("true false null NaN Infinity"),
  NUMBER,
]);
const MARKUP = language(
  [String.raw`(?<word><\/?[\w:-]+|\/?>)`, `(?<string>"[^"]*"|'[^']*')`, String.raw`(?<key>[\w:-]+(?==["']))`],
  [{ open: "<!--", close: "-->", kind: "comment" }],
);
const DIFF = language(["(?<word>^@@.*|^(?:diff|index|\\+\\+\\+|---).*)", "(?<success>^\\+.*)", "(?<danger>^-.*)"]);
const LOG = language([
  String.raw`(?<danger>(?<![\w])(?:ERROR|FATAL|CRITICAL|Traceback|[A-Z]\w*(?:Error|Exception)(?=:|$))(?![\w]))`,
  String.raw`(?<warning>(?<![\w])(?:WARN|WARNING|\w*Warning(?=:))(?![\w]))`,
  String.raw`(?<word>(?<![\w])(?:INFO|DEBUG|TRACE|NOTICE)(?![\w]))`,
  String.raw`(?<comment>\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[-+]\d\d:?\d\d)?)?)`,
]);

/** By the extensions of files, and by the names that blocks of code in markdown have. */
const LANGUAGES: readonly [names: string, language: Language][] = [
  ["yaml yml mlmodel mlproject", YAML],
  ["toml ini cfg conf properties prop hocon env lock", INI],
  ["json jsonl ndjson geojson ipynb", JSON_LINES],
  [
    "py py3 pyi python",
    language(
      [HASH, STRING, String.raw`(?<key>(?<=^\s*)@[\w.]+)`, wordRule(PYTHON), NUMBER],
      [
        { open: '"""', close: '"""', kind: "string" },
        { open: "'''", close: "'''", kind: "string" },
      ],
    ),
  ],
  [
    "sh bash zsh ps1 dockerfile makefile shell console",
    language(["(?<comment>(?:(?<=^|\\s)#).*)", STRING, wordRule(SHELL), NUMBER]),
  ],
  ["r jl rb julia ruby", language([HASH, STRING, wordRule(`${R} def end module using do begin struct`), NUMBER])],
  ["sql", language(["(?<comment>--.*)", STRING, wordRule(SQL), NUMBER], C_BLOCKS, "i")],
  [
    "js mjs ts tsx jsx java scala kt go rs c h cpp hpp cs proto scss css swift javascript typescript rust kotlin c++ csharp",
    language([SLASHES, STRING, wordRule(C_LIKE), NUMBER], [...C_BLOCKS, { open: "`", close: "`", kind: "string" }]),
  ],
  ["xml html htm svg", MARKUP],
  ["diff patch", DIFF],
  ["log out err txt", LOG],
];

const BY_NAME = new Map(LANGUAGES.flatMap(([names, found]) => names.split(" ").map((name) => [name, found] as const)));

/** Longer lines stay plain: they are data, and colours would cost more than they tell. */
const MAX_LINE = 2000;

/** Colours the lines of one file, in any order. `line` returns earlier lines, which may open a block. */
export class Highlighter {
  readonly #language: Language | undefined;
  /** By line: which block it begins in. */
  readonly #openAt: (number | undefined)[] = [undefined];

  /** @param language the extension of a file, or a language's name, in lower case */
  constructor(language: string) {
    this.#language = BY_NAME.get(language);
  }

  tokens(index: number, line: (index: number) => string): Token[] {
    const found = this.#language;
    const text = line(index);
    if (found === undefined || text.length > MAX_LINE) return [{ text, kind: undefined }];
    if (!found.blocks?.length) return scan(text, found, undefined).tokens;
    while (this.#openAt.length <= index) {
      const at = this.#openAt.length - 1;
      this.#openAt.push(scan(line(at), found, this.#openAt[at]).open);
    }
    return scan(text, found, this.#openAt[index]).tokens;
  }
}

/** Returns a function that colours the lines of a text by index. Lines are coloured when they are asked for. */
export function colouredLines(text: string, language: string): (index: number) => Token[] {
  const highlighter = new Highlighter(language);
  const lines = text.split(/\r?\n/);
  return (index) => highlighter.tokens(index, (at) => lines[at] ?? "");
}

/** One line, which may begin in a block and leave one open. */
function scan(text: string, { rules, blocks = [] }: Language, openBefore: number | undefined) {
  const tokens: Token[] = [];
  let open = openBefore;
  let at = 0;
  const add = (to: number, kind: TokenKind | undefined): void => {
    if (to > at) tokens.push({ text: text.slice(at, to), kind });
    at = Math.max(at, to);
  };
  while (at < text.length) {
    const block = open === undefined ? undefined : blocks[open];
    if (block !== undefined) {
      const end = text.indexOf(block.close, at);
      add(end < 0 ? text.length : end + block.close.length, block.kind);
      if (end >= 0) open = undefined;
      continue;
    }
    rules.lastIndex = at;
    const match = rules.exec(text);
    const starts = blocks.map(({ open: mark }) => text.indexOf(mark, at));
    const next = Math.min(match?.index ?? text.length, ...starts.filter((start) => start >= 0));
    add(next, undefined);
    const started = starts.indexOf(next);
    if (started >= 0) {
      open = started;
      const { open: mark, close, kind } = blocks[started]!;
      const end = text.indexOf(close, next + mark.length);
      add(end < 0 ? text.length : end + close.length, kind);
      if (end >= 0) open = undefined;
    } else if (match !== null) {
      const kind = Object.entries(match.groups ?? {}).find(([, part]) => part !== undefined)?.[0];
      add(next + Math.max(1, match[0].length), kind as TokenKind | undefined);
    }
  }
  return { tokens, open };
}
