import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { measurePurge, type PurgeProgress, type PurgeScope, type PurgeSize, purge } from "../../api/trash.ts";
import { Button } from "../../parts/button.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { formatBytes, formatCount } from "../../parts/format.ts";
import { TextField } from "../../parts/text-field.tsx";
import { countOf, sizeText } from "./trash-words.ts";

interface PurgeDialogProps {
  /** What is deleted, such as `3 runs`. */
  what: string;
  /** Reads the scope, for a list that is longer than the page has loaded. */
  scope: () => Promise<PurgeScope>;
  onClose: () => void;
  /** Something was deleted for good. */
  onGone: () => void;
}

type State =
  | { step: "measuring"; size?: PurgeSize }
  | { step: "confirm"; size: PurgeSize }
  | { step: "deleting"; size: PurgeSize; progress?: PurgeProgress }
  | { step: "done"; size: PurgeSize; progress: PurgeProgress; isStopped: boolean };

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Deletes things for good: counts first, by a dry run, asks the reader to type the phrase, then deletes with progress. The
 * reader may stop between two calls.
 */
export default function PurgeDialog({ what, scope, onClose, onGone }: PurgeDialogProps) {
  const [state, setState] = useState<State>({ step: "measuring" });
  const [problem, setProblem] = useState<string>();
  const [typed, setTyped] = useState("");
  const running = useRef<AbortController>(undefined);
  const asked = useRef<PurgeScope>(undefined);
  const client = useQueryClient();
  const phrase = `delete ${what}`;

  const measure = (): void => {
    const controller = new AbortController();
    running.current = controller;
    setProblem(undefined);
    setState({ step: "measuring" });
    const count = async (): Promise<void> => {
      const of = await scope();
      asked.current = of;
      const size = await measurePurge(of, (sofar) => setState({ step: "measuring", size: sofar }), controller.signal);
      setState({ step: "confirm", size });
    };
    count().catch((error: unknown) => controller.signal.aborted || setProblem(messageOf(error)));
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: the dialog counts once, when it opens
  useEffect(() => {
    measure();
    return () => running.current?.abort();
  }, []);

  const remove = (size: PurgeSize): void => {
    const controller = new AbortController();
    running.current = controller;
    setProblem(undefined);
    let last: PurgeProgress = { gone: 0, files: 0, bytes: 0, kept: [], failures: [], leftUris: [] };
    setState({ step: "deleting", size });
    const report = (progress: PurgeProgress): void => {
      last = progress;
      setState({ step: "deleting", size, progress });
    };
    purge(asked.current ?? {}, report, controller.signal)
      .then(
        (progress) => setState({ step: "done", size, progress, isStopped: false }),
        (error: unknown) => {
          if (controller.signal.aborted) setState({ step: "done", size, progress: last, isStopped: true });
          else setProblem(messageOf(error));
        },
      )
      .finally(() => {
        onGone();
        for (const entity of ["trash", "runs", "experiments", "logged-models", "artifacts"]) {
          void client.invalidateQueries({ queryKey: [entity] });
        }
      });
  };

  const isDeleting = state.step === "deleting" && problem === undefined;
  const close = (isOpen: boolean): void => {
    // A click beside the dialog does not hide work that cannot be undone.
    if (!isOpen && !isDeleting) onClose();
  };
  return (
    <Dialog isOpen onOpenChange={close} title={`Delete ${what} for good`} width="medium">
      <div className="flex flex-col gap-3">
        {state.step === "measuring" && problem === undefined && <Measuring size={state.size} />}
        {state.step === "confirm" && (
          <Confirm
            size={state.size}
            phrase={phrase}
            typed={typed}
            onTyped={setTyped}
            onCancel={onClose}
            onSubmit={() => remove(state.size)}
          />
        )}
        {(state.step === "deleting" || state.step === "done") && (
          <Progress {...state} isDone={state.step === "done"} isStopped={state.step === "done" && state.isStopped} />
        )}
        {problem !== undefined && (
          <p role="alert" className="rounded bg-danger-surface px-2 py-1.5 text-danger wrap-anywhere">
            {problem} {state.step === "deleting" && "What is gone stays gone. It is safe to continue."}
          </p>
        )}
        {state.step !== "confirm" && (
          <div className="flex flex-wrap justify-end gap-2 pt-1">
            {problem !== undefined && (
              <Button kind="primary" onClick={() => (state.step === "deleting" ? remove(state.size) : measure())}>
                {state.step === "deleting" ? "Continue" : "Try again"}
              </Button>
            )}
            {isDeleting ? (
              <Button onClick={() => running.current?.abort()}>Stop</Button>
            ) : (
              <Button onClick={onClose}>{state.step === "done" ? "Close" : "Cancel"}</Button>
            )}
          </div>
        )}
      </div>
    </Dialog>
  );
}

function Measuring({ size }: { size: PurgeSize | undefined }) {
  return (
    <p role="status" className="text-ink-muted">
      Counting what this frees…{size !== undefined && ` ${sizeText(size)}, ${formatBytes(size.bytes)} so far`}
    </p>
  );
}

function Facts({ facts }: { facts: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1">
      {facts.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="text-ink-muted">{name}</dt>
          <dd className="wrap-anywhere">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

interface ConfirmProps {
  size: PurgeSize;
  phrase: string;
  typed: string;
  onTyped: (text: string) => void;
  onCancel: () => void;
  onSubmit: () => void;
}

function Confirm({ size, phrase, typed, onTyped, onCancel, onSubmit }: ConfirmProps) {
  const isNothing = size.experiments + size.runs + size.loggedModels === 0;
  const isConfirmed = typed.trim() === phrase && !isNothing;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (isConfirmed) onSubmit();
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-3">
      <Facts
        facts={[
          ["Deletes", sizeText(size)],
          ["Metric points", formatCount(size.points)],
          ["Frees", `${formatBytes(size.bytes)} in ${countOf(size.files, ["file", "files"])}`],
        ]}
      />
      <Notes size={size} />
      {isNothing ? (
        <p>There is nothing here that can be deleted.</p>
      ) : (
        <>
          <p className="rounded bg-danger-surface px-2 py-1.5 text-danger">
            Nobody can undo this. Params, metrics with their history, tags and files are gone.
          </p>
          <TextField
            label={`Type “${phrase}”`}
            value={typed}
            onValueChange={onTyped}
            autoComplete="off"
            spellCheck={false}
            autoFocus
          />
        </>
      )}
      <div className="flex flex-wrap justify-end gap-2 pt-1">
        <Button onClick={onCancel}>Cancel</Button>
        <Button type="submit" kind="danger" disabled={!isConfirmed}>
          Delete for good
        </Button>
      </div>
    </form>
  );
}

const MAX_NAMED = 5;

function Notes({ size }: { size: PurgeSize }) {
  const { registeredVersions, leftUris, kept } = size;
  return (
    <>
      {registeredVersions > 0 && (
        <p className="text-warning">
          {countOf(registeredVersions, ["model version was", "model versions were"])} made from these. The registry
          keeps the versions, but their files may be among the deleted ones.
        </p>
      )}
      <List title="These files stay, because the server does not keep them:" items={leftUris} />
      <List title="These stay:" items={kept} />
    </>
  );
}

function List({ title, items }: { title: string; items: readonly string[] }) {
  if (items.length === 0) return null;
  return (
    <div>
      <p>{title}</p>
      <ul className="list-disc pl-5 text-ink-muted text-sm">
        {items.slice(0, MAX_NAMED).map((item) => (
          <li key={item} className="wrap-anywhere">
            {item}
          </li>
        ))}
        {items.length > MAX_NAMED && <li>and {formatCount(items.length - MAX_NAMED)} more</li>}
      </ul>
    </div>
  );
}

interface ProgressProps {
  size: PurgeSize;
  progress?: PurgeProgress;
  isDone: boolean;
  isStopped: boolean;
}

function Progress({ size, progress, isDone, isStopped }: ProgressProps) {
  const { files = 0, bytes = 0, gone = 0, kept = [], failures = [], leftUris = [] } = progress ?? {};
  const share = isDone && !isStopped ? 1 : size.files === 0 ? 0 : Math.min(1, files / size.files);
  const verb = isStopped ? "Stopped." : isDone ? "Done." : "Deleting…";
  return (
    <>
      <progress
        aria-label="Deleted files"
        value={share}
        max={1}
        className="h-1.5 w-full appearance-none overflow-hidden rounded-full bg-hover accent-accent"
      />
      <p role="status">
        {verb} {countOf(gone, ["thing is", "things are"])} gone, {countOf(files, ["file", "files"])} and{" "}
        {formatBytes(bytes)} freed.
      </p>
      {isStopped && (
        <p className="text-ink-muted">The server finishes what it has begun. The rest is still in the trash.</p>
      )}
      <List title="These stay:" items={kept} />
      <List title="These files stay, because the server does not keep them:" items={leftUris} />
      {isDone && <List title="The server will try these again:" items={failures} />}
    </>
  );
}
