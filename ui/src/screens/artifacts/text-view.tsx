import { Search, WrapText } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { IconButton } from "../../parts/button.tsx";
import { formatCount } from "../../parts/format.ts";
import { readSetting, writeSetting } from "../../parts/settings.ts";
import { ErrorState, SkeletonRows } from "../../parts/states.tsx";
import { Highlighter, TOKEN_CLASSES } from "../../parts/syntax.ts";
import { Switch } from "../../parts/toggles.tsx";
import { useAddressText } from "../../shell/address-text.ts";
import { keysLabel, useCommands } from "../../shell/commands.ts";
import { ansiTokens, isAnsi } from "./ansi.ts";
import { extensionOf, languageOf } from "./file-kinds.ts";
import { useFileParts } from "./file-parts.ts";
import { FindBar } from "./find-bar.tsx";
import { markMatches, patternOf, placeOf } from "./find-lines.ts";
import { type LinePlace, Lines, type LinesHand } from "./lines.tsx";
import { Note } from "./note.tsx";
import { LineParser } from "./parsers.ts";
import { PartControls } from "./part-controls.tsx";
import { useShownPlace } from "./shown-place.ts";
import { useFind } from "./use-find.ts";

const WRAP_SETTING = "artifacts.wrap";
/** The next part begins before the end of a part, because a line may be in both. */
const OVERLAP_BYTES = 4096;

/** Text that is read as the reader scrolls, from any position. A log starts at its end and follows new lines. */
export function TextView({ url, path }: { url: string; path: string }) {
  const { from = 0, find: words = "", change } = useShownPlace();
  const [isFollowing, setFollowing] = useState(false);
  const [isWrapped, setWrapped] = useState(() => readSetting(WRAP_SETTING) === "on");
  const [openings, setOpenings] = useState(0);
  const [isOpen, setOpen] = useState(words !== "");
  const [text, setText] = useAddressText(words, (find) => change({ find }));
  const [place, setPlace] = useState<LinePlace>();
  const field = useRef<HTMLInputElement>(null);
  const hand = useRef<LinesHand>(undefined);
  const isTail = from === "end";
  const file = useFileParts(url, (isCut) => new LineParser(isCut), { from, isFollowing: isTail && isFollowing });
  const { parser, start, end, total, isComplete, isFull } = file;
  // biome-ignore lint/correctness/useExhaustiveDependencies: other lines have other blocks open
  const highlighter = useMemo(() => new Highlighter(languageOf(path)), [path, from]);
  const pattern = useMemo(() => (words === "" ? undefined : patternOf(words)), [words]);
  const find = useFind(file, words);
  useEffect(() => {
    if (openings > 0) field.current?.select();
  }, [openings]);
  const wrapLines = (): void => {
    writeSetting(WRAP_SETTING, isWrapped ? undefined : "on");
    setWrapped(!isWrapped);
  };
  const openFind = (): void => {
    setOpen(true);
    setOpenings((before) => before + 1);
  };
  useCommands([
    { id: "file.find", label: "Find in the file", group: "File", keys: "mod+f", run: openFind },
    { id: "file.wrap", label: isWrapped ? "Leave lines whole" : "Wrap long lines", group: "File", run: wrapLines },
  ]);
  const show = (line: number): void => setPlace({ line, column: pattern ? parser.line(line).search(pattern) : 0 });
  // If the words or the lines change, the first line that is not above the visible area becomes the current one.
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above
  useEffect(() => setPlace(undefined), [words, parser]);
  const { lines, isSearching, isPaused } = find;
  useEffect(() => {
    if (place !== undefined || lines.length === 0) return;
    const next = lines[placeOf(lines, hand.current?.top() ?? 0)];
    if (next !== undefined) show(next);
    else if (!isSearching) show(lines[0]!);
  });
  // The page cannot hold more of the file, and nothing was found: the search goes on behind the held part.
  const canMoveOn = isFull && !isComplete;
  const isNothingHere = canMoveOn && words !== "" && lines.length === 0 && !isSearching && !isPaused;
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each part
  useEffect(() => {
    if (isNothingHere) change({ from: end - OVERLAP_BYTES });
  }, [isNothingHere]);
  const step = (by: 1 | -1): void => {
    if (lines.length === 0) return;
    const at = place === undefined ? -1 : placeOf(lines, place.line);
    if (by > 0 && at === lines.length - 1 && canMoveOn) change({ from: end - OVERLAP_BYTES });
    else show(lines[(at + by + lines.length) % lines.length]!);
  };
  if (file.error !== undefined && end === start) {
    return <ErrorState title="The file could not be read" error={file.error} onRetry={file.retry} />;
  }
  return (
    <div className="flex min-h-0 flex-1 flex-col">
      <Note>
        <PartControls
          file={file}
          wholeText={`${formatCount(parser.count)} ${parser.count === 1 ? "line" : "lines"}`}
          isGrowing={isLogName(path)}
        />
        {isTail && <Switch label="Follow" isOn={isFollowing} onChange={setFollowing} />}
        <span className="-mr-2 ml-auto flex">
          <IconButton
            label="Wrap long lines"
            icon={<WrapText size={14} aria-hidden />}
            aria-pressed={isWrapped}
            onClick={wrapLines}
          />
          <IconButton
            label="Find in the file"
            shortcut={keysLabel("mod+f")}
            icon={<Search size={14} aria-hidden />}
            onClick={openFind}
          />
        </span>
      </Note>
      {isOpen && (
        <FindBar
          ref={field}
          find={find}
          words={text}
          onWords={setText}
          current={place?.line}
          onStep={step}
          onClose={() => {
            setText("");
            setOpen(false);
            hand.current?.focus();
          }}
          isPart={start > 0 || canMoveOn}
        />
      )}
      {total === undefined ? (
        <SkeletonRows rows={10} />
      ) : parser.count === 0 ? (
        <p className="p-4 text-ink-muted">The file is empty.</p>
      ) : (
        <Lines
          key={from}
          count={parser.count}
          longest={parser.longest}
          line={(index) => <Coloured {...{ highlighter, parser, index, pattern }} isCurrent={index === place?.line} />}
          isNumbered={start === 0}
          isAtEnd={isTail}
          onEndNear={file.more}
          wrap={
            isWrapped ? { lengthOf: (index) => parser.line(index).length, characters: parser.characters } : undefined
          }
          {...{ place, hand }}
        />
      )}
    </div>
  );
}

/** For such a file the end is requested, however short the file is now. */
function isLogName(path: string): boolean {
  return ["log", "out", "err"].includes(extensionOf(path));
}

interface ColouredProps {
  highlighter: Highlighter;
  parser: LineParser;
  index: number;
  /** The words to find. */
  pattern: RegExp | undefined;
  isCurrent: boolean;
}

function Coloured({ highlighter, parser, index, pattern, isCurrent }: ColouredProps) {
  const line = parser.line(index);
  const tokens = isAnsi(line) ? ansiTokens(line) : highlighter.tokens(index, (at) => parser.line(at));
  const marked =
    pattern === undefined ? tokens.map((token) => ({ ...token, isMatch: false })) : markMatches(tokens, pattern);
  const markClass = isCurrent ? "bg-warning text-page" : "bg-warning-surface text-ink";
  return marked.map(({ text, kind, isMatch }, at) => {
    if (kind === undefined && !isMatch) return text;
    const Part = isMatch ? "mark" : "span";
    return (
      // biome-ignore lint/suspicious/noArrayIndexKey: tokens have no identity but their place
      <Part key={at} className={isMatch ? markClass : kind && TOKEN_CLASSES[kind]}>
        {text}
      </Part>
    );
  });
}
