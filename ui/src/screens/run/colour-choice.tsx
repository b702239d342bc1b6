import { Check } from "lucide-react";
import { useEffect } from "react";
import { useChange } from "../../api/query-client.ts";
import { deleteRunTag, type Run, setRunTag } from "../../api/runs.ts";
import { COLOUR_TAG, valueFor } from "../../api/wire.ts";
import { isColour, learnColours, RUN_COLOURS } from "../../charts/run-colour.ts";
import { RunMark } from "../../charts/run-mark.tsx";
import { Button } from "../../parts/button.tsx";
import { Popover } from "../../parts/popover.tsx";
import { sayFailed } from "../../parts/toast.tsx";

/**
 * The run's mark. It opens the choice of the run's colour for readers who may change the run. The colour is a tag that
 * MLflow's UI uses too, so everyone sees it.
 */
export function ColourChoice({ run, mayEdit }: { run: Run; mayEdit: boolean }) {
  const { run_id } = run.info;
  const own = valueFor(run.data.tags ?? [], COLOUR_TAG);
  useEffect(() => learnColours([[run_id, own ?? null]]), [run_id, own]);
  const choose = useChange(
    (colour: string | undefined) =>
      colour === undefined
        ? deleteRunTag({ run_id, key: COLOUR_TAG })
        : setRunTag({ run_id, key: COLOUR_TAG, value: colour }),
    ["runs"],
  );
  const take = (colour: string | undefined): void =>
    choose.mutate(colour, {
      onSuccess: () => learnColours([[run_id, colour ?? null]]),
      onError: (error) => sayFailed("The colour could not be kept.", error),
    });
  if (!mayEdit) {
    return (
      <span className="flex size-6 shrink-0 items-center justify-center">
        <RunMark runId={run_id} size={12} />
      </span>
    );
  }
  return (
    <Popover
      title="Colour of the run"
      className="w-[260px]"
      trigger={
        <button
          type="button"
          aria-label="Choose the run's colour"
          className="flex size-6 shrink-0 items-center justify-center rounded hover:bg-hover"
        >
          <RunMark runId={run_id} size={12} />
        </button>
      }
    >
      <div className="grid grid-cols-8 gap-1">
        {RUN_COLOURS.map((colour) => (
          <button
            key={colour}
            type="button"
            aria-label={colour}
            aria-pressed={own === colour}
            className="flex size-6 items-center justify-center rounded-sm text-white"
            style={{ background: colour }}
            onClick={() => take(colour)}
          >
            {own === colour && <Check size={14} aria-hidden />}
          </button>
        ))}
      </div>
      <div className="mt-2 flex items-center gap-2">
        <input
          type="color"
          aria-label="Another colour"
          defaultValue={isColour(own) ? own : RUN_COLOURS[0]}
          onBlur={(event) => event.target.value !== (own ?? RUN_COLOURS[0]) && take(event.target.value)}
          className="h-6 w-12 rounded-sm border border-line bg-page"
        />
        <Button className="ml-auto" disabled={own === undefined} onClick={() => take(undefined)}>
          None of its own
        </Button>
      </div>
    </Popover>
  );
}
