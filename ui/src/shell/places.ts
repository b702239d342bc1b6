import { useSyncExternalStore } from "react";
import { readSetting, writeSetting } from "../parts/settings.ts";

/* The pages that the reader visited and marked. The browser stores them. */

export interface Place {
  readonly kind: "experiment" | "run";
  readonly id: string;
  /** The experiment of a run; an experiment's own id. */
  readonly experimentId: string;
  readonly name: string;
}

const MAX_RECENT = 30;

const lists = { recent: read("recent"), favourite: read("favourite") };
const listeners = new Set<() => void>();

function read(name: string): readonly Place[] {
  try {
    const kept: unknown = JSON.parse(readSetting(`places.${name}`) ?? "[]");
    return Array.isArray(kept) ? kept.filter(isPlace) : [];
  } catch {
    return [];
  }
}

function isPlace(value: unknown): value is Place {
  const { kind, id, experimentId, name } = (value ?? {}) as Record<string, unknown>;
  return (kind === "experiment" || kind === "run") && [id, experimentId, name].every((one) => typeof one === "string");
}

function write(name: keyof typeof lists, places: readonly Place[]): void {
  lists[name] = places;
  writeSetting(`places.${name}`, JSON.stringify(places));
  for (const tell of listeners) tell();
}

const isSame =
  (place: Pick<Place, "kind" | "id">) =>
  ({ kind, id }: Place): boolean =>
    kind === place.kind && id === place.id;

/** Notes a visit: the place becomes the first of the recent places, with its current name. */
export function notePlace(place: Place): void {
  const first = lists.recent[0];
  if (first !== undefined && isSame(place)(first) && first.name === place.name) return;
  write("recent", [place, ...lists.recent.filter((one) => !isSame(place)(one))].slice(0, MAX_RECENT));
  const marked = lists.favourite.find(isSame(place));
  if (marked !== undefined && marked.name !== place.name) {
    write(
      "favourite",
      lists.favourite.map((one) => (one === marked ? place : one)),
    );
  }
}

export function toggleFavourite(place: Place): void {
  const others = lists.favourite.filter((one) => !isSame(place)(one));
  write("favourite", others.length < lists.favourite.length ? others : [place, ...others]);
}

/** The recent places, latest first, and the marked places. */
export function usePlaces(name: keyof typeof lists): readonly Place[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => lists[name],
  );
}

/** Whether the reader has visited any place yet. */
export const hasPlaces = (): boolean => lists.recent.length > 0 || lists.favourite.length > 0;
