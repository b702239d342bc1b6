import { Star } from "lucide-react";
import { IconButton } from "../parts/button.tsx";
import { type Place, toggleFavourite, usePlaces } from "./places.ts";

/** Marks an experiment or a run, so that the home page lists it. */
export function FavouriteButton({ place }: { place: Place }) {
  const isMarked = usePlaces("favourite").some(({ kind, id }) => kind === place.kind && id === place.id);
  return (
    <IconButton
      label={isMarked ? "Take it off the favourites" : "Add it to the favourites"}
      aria-pressed={isMarked}
      icon={<Star size={14} aria-hidden className={isMarked ? "fill-current text-warning" : undefined} />}
      onClick={() => toggleFavourite(place)}
    />
  );
}
