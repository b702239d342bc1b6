import { useEffect, useState } from "react";
import { onAnswer } from "../api/client.ts";
import { serverTrouble } from "../api/server.ts";

/** Whether the server did not answer last, so that the shown data is no longer live. */
export function useServerAway(): boolean {
  const [isAway, setAway] = useState(false);
  useEffect(() => onAnswer((error) => setAway(serverTrouble(error) === "away")), []);
  return isAway;
}
