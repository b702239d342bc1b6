import { classNames } from "./class-names.ts";
import { formatCount } from "./format.ts";
import { TOKEN_CLASSES, type Token } from "./syntax.ts";
import { colourPieces, type DiffRow, type DiffSide } from "./text-diff.ts";

/** More rows are slower to make than anyone reads. */
const MAX_ROWS = 5000;

/** Colours a line by its index. */
export type ColourLine = (index: number) => readonly Token[];

interface DiffTableProps {
  label: string;
  rows: readonly DiffRow[];
  /** The colours of the lines, if the texts are code. */
  colours?: { readonly left: ColourLine; readonly right: ColourLine } | undefined;
}

/** Two texts side by side, with marked differences. */
export function DiffTable({ label, rows, colours }: DiffTableProps) {
  return (
    <section
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
      tabIndex={0}
      className="min-h-0 flex-1 overflow-auto font-mono text-sm -outline-offset-2"
    >
      <table className="w-full table-fixed border-collapse">
        <colgroup>
          <col className="w-12" />
          <col />
          <col className="w-12" />
          <col />
        </colgroup>
        <tbody>
          {rows.slice(0, MAX_ROWS).map((row, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of two texts have no identity but their place
            <Row key={index} {...{ row, colours }} />
          ))}
        </tbody>
      </table>
      {rows.length > MAX_ROWS && (
        <p className="px-3 py-2 font-sans text-ink-muted">The first {formatCount(MAX_ROWS)} lines are shown.</p>
      )}
    </section>
  );
}

function Row({ row, colours }: { row: DiffRow } & Pick<DiffTableProps, "colours">) {
  if (row.kind === "gap") {
    return (
      <tr>
        <td colSpan={4} className="bg-surface px-3 py-0.5 text-center font-sans text-ink-muted">
          {formatCount(row.hidden ?? 0)} lines are the same
        </td>
      </tr>
    );
  }
  const isChanged = row.kind === "changed";
  return (
    <tr className="align-top">
      <Side side={row.left} tone={isChanged ? "before" : undefined} colour={colours?.left} />
      <Side side={row.right} tone={isChanged ? "after" : undefined} colour={colours?.right} />
    </tr>
  );
}

const TONES = {
  before: { line: "bg-danger-surface", piece: "text-danger font-semibold", word: "removed" },
  after: { line: "bg-success-surface", piece: "text-success font-semibold", word: "added" },
};

interface SideProps {
  side: DiffSide | undefined;
  tone: keyof typeof TONES | undefined;
  colour: ColourLine | undefined;
}

function Side({ side, tone, colour }: SideProps) {
  if (side === undefined) return <td colSpan={2} className="bg-surface" />;
  const look = tone && TONES[tone];
  return (
    <>
      <td className={classNames("pr-2 text-right text-ink-faint select-none", look?.line)}>{side.number}</td>
      <td className={classNames("px-2 whitespace-pre-wrap wrap-anywhere", look?.line)}>
        {look !== undefined && <span className="sr-only">{look.word} </span>}
        {colourPieces(side, colour).map(({ text, isChanged, kind }, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces of a line have no identity but their place
          <span key={index} className={isChanged ? look?.piece : kind && TOKEN_CLASSES[kind]}>
            {text}
          </span>
        ))}
      </td>
    </>
  );
}
