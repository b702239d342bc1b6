import { useEffect, useRef, useState } from "react";
import { classNames } from "./class-names.ts";

/** Whether a text may have formulas. Only then their parser is loaded. */
const hasMath = (text: string): boolean => /\$[^$\s]|\\[([]/.test(text);

interface MarkdownProps {
  text: string;
  className?: string;
  /** The address of an image with a path. Keep the same function. */
  imageUrl?: ((path: string) => string | undefined) | undefined;
}

/** Text in markdown, shown safely. The parser loads with the first one; until then the text stands as it is. */
export function Markdown({ text, className, imageUrl }: MarkdownProps) {
  const box = useRef<HTMLDivElement>(null);
  const [isFailed, setFailed] = useState(false);
  useEffect(() => {
    let isCurrent = true;
    Promise.all([import("./markdown-fragment.ts"), hasMath(text) ? import("./markdown-math.ts") : undefined]).then(
      ([{ markdownFragment }, math]) => {
        if (isCurrent) box.current?.replaceChildren(markdownFragment(text, { math: math?.mathMarkup, imageUrl }));
      },
      () => setFailed(true),
    );
    return () => {
      isCurrent = false;
    };
  }, [text, imageUrl]);
  if (isFailed) return <div className={classNames("whitespace-pre-wrap wrap-anywhere", className)}>{text}</div>;
  return <div ref={box} className={classNames("markdown", className)} />;
}
