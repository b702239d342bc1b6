/**
 * Yields one turn of the event loop. Work that takes several calls to D1 must yield between two calls: as long as one call
 * follows another at once, the local runtime reads no other client's request, however short each call is.
 */
export async function yieldTurn(): Promise<void> {
  await scheduler.wait(0);
}
