import { expect, test } from "vitest";
import { ApiError } from "../../../ui/src/api/client.ts";
import { failureOf } from "../../../ui/src/api/query-client.ts";
import { serverTrouble } from "../../../ui/src/api/server.ts";

const away = new ApiError(0, "NETWORK_ERROR", "The server could not be reached.");
const gone = new ApiError(404, "RESOURCE_DOES_NOT_EXIST", "It is not there.");

test("what was read stays while it cannot be read anew, but not what is gone or forbidden", () => {
  expect(failureOf({ error: null, data: undefined })).toBeUndefined();
  expect(failureOf({ error: away, data: undefined })).toBe(away);
  expect(failureOf({ error: away, data: {} })).toBeUndefined();
  expect(failureOf({ error: gone, data: {} })).toBe(gone);
  const forbidden = new ApiError(403, "PERMISSION_DENIED", "Not you.");
  expect(failureOf({ error: forbidden, data: {} })).toBe(forbidden);
});

test("an error tells of the server only where no server of ours answered, or where it wants to know who asks", () => {
  expect(serverTrouble(away)).toBe("away");
  expect(serverTrouble(new ApiError(502, "INTERNAL_ERROR", "The server answered 502 Bad Gateway."))).toBe("away");
  expect(serverTrouble(new ApiError(401, "UNAUTHENTICATED", "Who?"))).toBe("signed-out");
  expect(serverTrouble(new ApiError(503, "TEMPORARILY_UNAVAILABLE", "Try again."))).toBeUndefined();
  expect(serverTrouble(new ApiError(500, "INTERNAL_ERROR", "Broken."))).toBeUndefined();
  expect(serverTrouble(gone)).toBeUndefined();
  expect(serverTrouble(new TypeError("x is not a function"))).toBeUndefined();
});
