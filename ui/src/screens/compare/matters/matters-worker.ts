import { type Question, whatMatters } from "./matters.ts";

/* Computes outside the page's thread, because trees over ten thousand runs would block the page. */

addEventListener("message", ({ data }: MessageEvent<{ id: number; question: Question }>) => {
  postMessage({ id: data.id, answer: whatMatters(data.question) });
});
