import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";

/** What a PDF's pages have. */
export interface ReadPdf {
  readonly numPages: number;
  /** Of all pages. */
  readonly text: string;
  /** The texts that lie beyond the right edge of their page. */
  readonly cutOff: readonly string[];
}

export async function readPdf(bytes: Buffer): Promise<ReadPdf> {
  const document = await getDocument({ data: new Uint8Array(bytes), verbosity: 0 }).promise;
  const { numPages } = document;
  const texts: string[] = [];
  const cutOff: string[] = [];
  for (let number = 1; number <= numPages; number++) {
    const page = await document.getPage(number);
    const [, , right = 0] = page.view;
    const items = (await page.getTextContent()).items.filter((item) => "str" in item);
    texts.push(items.map(({ str }) => str).join(" "));
    cutOff.push(...items.filter(({ transform, width }) => transform[4] + width > right).map(({ str }) => str));
  }
  await document.loadingTask.destroy();
  return { numPages, cutOff, text: texts.join("\n").replaceAll(/\s+/g, " ") };
}
