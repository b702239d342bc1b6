import { TRASH_KINDS } from "../../domain/trash.ts";
import { listTrashed } from "../../services/trash/list-trash.ts";
import { experimentIdsField } from "../../wire/fields.ts";
import { longText, message, oneOf, required } from "../../wire/message.ts";
import { json } from "../../wire/respond.ts";
import { type Route, route } from "../../wire/route.ts";
import { trashedToWire } from "../../wire/trash.ts";
import { onList } from "../permissions.ts";

/** The web UI's list of the trash. docs/ui-api.md describes the answer. */
export const uiTrashRoutes: readonly Route[] = [
  route({
    method: "GET",
    paths: ["/ui-api/trash"],
    permission: onList,
    input: message({ kind: required(oneOf(TRASH_KINDS)), experimentIds: experimentIdsField, pageToken: longText }),
    handle: async ({ ctx, input: { kind, experimentIds, pageToken } }) => {
      const page = await listTrashed(ctx, { kind, experimentIds, pageToken: pageToken || undefined });
      return json({
        things: page.things.map(({ thing, mayManage, stays }) => ({
          ...trashedToWire(thing),
          may_manage: mayManage,
          ...(stays !== undefined && { stays }),
        })),
        ...(page.nextPageToken !== undefined && { next_page_token: page.nextPageToken }),
      });
    },
  }),
];
