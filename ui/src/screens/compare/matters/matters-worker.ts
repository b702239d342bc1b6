import { type Question, whatMatters } from "./matters.ts";

/* Reckons beside the page: trees over ten thousand runs would hold it up. */

addEventListener("message", ({ data }: MessageEvent<{ id: number; question: Question }>) => {
  postMessage({ id: data.id, answer: whatMatters(data.question) });
});
