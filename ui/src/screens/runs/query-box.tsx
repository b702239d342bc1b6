import { useQuery } from "@tanstack/react-query";
import { Search, X } from "lucide-react";
import { type KeyboardEvent, type Ref, useId, useImperativeHandle, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { DistinctKeys } from "../../api/keys.ts";
import { valuesQuery } from "../../api/values.ts";
import { classNames, FIELD, OVERLAY } from "../../parts/class-names.ts";
import { type Completion, completions, errorPosition, fieldOfValue, quoteKeys } from "./filter-words.ts";

interface QueryBoxProps {
  /** The filter in the address. */
  value: string;
  onSubmit: (filter: string) => void;
  keys: DistinctKeys | undefined;
  /** The server's error for `value`. */
  error: string | undefined;
  /** The experiments whose runs provide the offered values. */
  experimentIds: readonly string[];
  ref?: Ref<{ focus: () => void }>;
}

/** The filter's input, with completions. Enter searches, and an error is shown at its position. */
export function QueryBox({ value, onSubmit, keys, error, experimentIds, ref }: QueryBoxProps) {
  const [text, setText] = useState(value);
  const [known, setKnown] = useState(value);
  /** The caret's position while completions are offered. */
  const [caret, setCaret] = useState<number>();
  const [chosen, setChosen] = useState(-1);
  const field = caret === undefined ? undefined : fieldOfValue(text, caret);
  const values = useQuery(valuesQuery(experimentIds, field)).data;
  const offered = useMemo(
    () => (caret === undefined ? [] : completions(text, caret, keys, values)),
    [text, caret, keys, values],
  );
  const input = useRef<HTMLInputElement>(null);
  const id = useId();
  useImperativeHandle(ref, () => ({ focus: () => input.current?.focus() }));
  if (known !== value) {
    setKnown(value);
    setText(value);
  }
  const offer = (at: number | null | undefined): void => {
    setCaret(at ?? text.length);
    setChosen(-1);
  };
  const close = (): void => setCaret(undefined);
  const submit = (next: string): void => {
    close();
    onSubmit(next.trim());
  };
  const take = (completion: Completion): void => {
    const next = text.slice(0, completion.from) + completion.text + text.slice(caret);
    const gap = completion.text.indexOf("…");
    const at = completion.from + (gap < 0 ? completion.text.length : gap);
    const clean = gap < 0 ? next : next.slice(0, at) + next.slice(at + 1);
    // At once, because the next key may come soon, and belongs after the completion.
    flushSync(() => {
      setText(clean);
      offer(at);
    });
    input.current?.setSelectionRange(at, at);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const isOpen = offered.length > 0;
    const picked = offered[chosen];
    if (event.key === "ArrowDown" && isOpen) setChosen((chosen + 1) % offered.length);
    else if (event.key === "ArrowUp" && isOpen) setChosen((chosen <= 0 ? offered.length : chosen) - 1);
    else if (event.key === "Enter" && picked) take(picked);
    else if (event.key === "Enter") submit(text);
    // Tab leaves the box, unless the arrows have chosen a completion.
    else if (event.key === "Tab" && picked && !event.shiftKey) take(picked);
    else if (event.key === "Escape" && isOpen) close();
    else return;
    event.preventDefault();
  };
  const mended = error === undefined ? undefined : quoteKeys(value, keys);
  const position = error === undefined ? undefined : errorPosition(error);
  return (
    <div className="relative min-w-0 flex-1 basis-full wide:max-w-[640px] wide:basis-72">
      <Search size={14} aria-hidden className="pointer-events-none absolute top-2 left-2 text-ink-muted" />
      <input
        ref={input}
        type="text"
        role="combobox"
        aria-label="Filter runs"
        aria-expanded={offered.length > 0}
        aria-controls={`${id}-list`}
        aria-activedescendant={chosen >= 0 ? `${id}-${chosen}` : undefined}
        aria-autocomplete="list"
        aria-invalid={error !== undefined}
        aria-describedby={error === undefined ? undefined : `${id}-error`}
        autoComplete="off"
        spellCheck={false}
        placeholder="Part of a name, /a pattern/ or metrics.acc > 0.9 AND params.lr < 0.01"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          offer(event.target.selectionStart ?? event.target.value.length);
        }}
        onFocus={(event) => offer(event.target.selectionStart)}
        onSelect={(event) => caret !== undefined && setCaret(event.currentTarget.selectionStart ?? undefined)}
        onBlur={close}
        onKeyDown={onKeyDown}
        className={classNames(FIELD, "w-full pr-7 pl-7 font-mono")}
      />
      {text !== "" && (
        <button
          type="button"
          aria-label="Empty the filter"
          className="absolute top-0.5 right-0.5 flex size-6 items-center justify-center rounded-sm text-ink-muted hover:text-ink"
          onClick={() => {
            setText("");
            submit("");
          }}
        >
          <X size={14} aria-hidden />
        </button>
      )}
      {offered.length > 0 && (
        <ul
          id={`${id}-list`}
          // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: the list of a combobox
          role="listbox"
          aria-label="What may follow"
          className={classNames(OVERLAY, "absolute top-full left-0 z-30 mt-1 max-h-72 w-full overflow-auto py-1")}
        >
          {offered.map((completion, index) => (
            // biome-ignore lint/a11y/useFocusableInteractive lint/a11y/useKeyWithClickEvents: the box keeps the focus and has the keys
            <li
              key={completion.label}
              id={`${id}-${index}`}
              // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: an option of the listbox
              role="option"
              aria-selected={index === chosen}
              className={classNames(
                "cursor-pointer truncate px-3 py-1 font-mono",
                index === chosen ? "bg-selected" : "hover:bg-hover",
              )}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => take(completion)}
            >
              {completion.label}
            </li>
          ))}
        </ul>
      )}
      {error !== undefined && (
        <div id={`${id}-error`} role="alert" className="pt-1 text-danger text-sm">
          {position !== undefined && position <= value.length && (
            <pre className="max-w-full overflow-x-auto font-mono text-ink">
              {value}
              {"\n"}
              <span className="text-danger">{`${" ".repeat(position)}^`}</span>
            </pre>
          )}
          {error}
          {mended !== undefined && (
            <button
              type="button"
              className="mt-1 block max-w-full rounded-sm text-left text-accent hover:underline"
              onClick={() => {
                setText(mended);
                submit(mended);
              }}
            >
              Search for <code className="font-mono">{mended}</code>
            </button>
          )}
        </div>
      )}
    </div>
  );
}
