import { canonicalArtifactPath } from "../../domain/artifact-path.ts";
import { doesNotExist } from "../../domain/errors.ts";
import { locateArtifactOf } from "../../services/artifacts/artifact-access.ts";
import { filesBelow } from "../../services/artifacts/list-artifacts.ts";
import type { ServiceContext } from "../../services/context.ts";
import { dispositionOf } from "../../wire/artifact-response.ts";
import { message, string } from "../../wire/message.ts";
import { byteStream } from "../../wire/respond.ts";
import { type Route, route } from "../../wire/route.ts";
import { type ZipEntry, zipPieces } from "../../wire/zip.ts";
import { onFile, onFiles, onLinks } from "../permissions.ts";

/** A folder of a run or of a logged model, with everything below it, as a ZIP. Only one piece of the ZIP is in memory. */
export const uiFolderZipRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: ["/ui-api/folder-zip"],
    permission: onLinks("file", onFiles(onFile("READ"))),
    reads: "near",
    input: message({ runId: string, modelId: string, path: string }),
    handle: async ({ ctx, input: { runId, modelId, path = "" } }) => {
      const folder = canonicalArtifactPath(path);
      const { at, objectKey } = await locateArtifactOf(ctx, { runId, modelId }, folder);
      if ((await at.artifacts.list(objectKey)).files.length === 0) throw doesNotExist(`No such folder: '${folder}'`);
      const name = folder === "" ? (runId ?? modelId ?? "") : folder.slice(folder.lastIndexOf("/") + 1);
      const answer = await byteStream(zipPieces(entriesOf(at, objectKey, name)));
      answer.headers.set("Content-Type", "application/zip");
      answer.headers.set("Content-Disposition", dispositionOf(`${name}.zip`));
      return answer;
    },
  }),
];

async function* entriesOf(ctx: ServiceContext, objectKey: string, name: string): AsyncGenerator<ZipEntry, void> {
  for await (const key of filesBelow(ctx, objectKey)) {
    const file = await ctx.artifacts.get(key);
    // A file that was deleted after it was listed is left out.
    if (file !== undefined) yield { path: name + key.slice(objectKey.length), size: file.size, body: file.body };
  }
}
