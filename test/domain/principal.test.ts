import { expect, test } from "vitest";
import { credentialOf, isWhole, LOCAL, type Narrowing, NOBODY, type Principal } from "../../src/domain/principal.ts";

const user = { userId: 7 };

test.each<[string, Principal]>([
  ["open", LOCAL],
  ["none", NOBODY],
  ["none", { username: "ada", isAdmin: false }],
  ["settings", { username: "admin", isAdmin: true }],
  ["settings", { username: "local", isAdmin: true }],
  ["password", { username: "ada", isAdmin: false, user }],
  ["token abc", { username: "ada", isAdmin: false, user, tokenId: "abc" }],
  ["sign-in 5", { username: "ada", isAdmin: true, user, signInId: 5 }],
  ["access", { username: "ada", isAdmin: false, user, isThroughAccess: true }],
  ["set-up", { username: "ada", isAdmin: false, isBySetup: true }],
  [
    "link k3J9",
    {
      username: "",
      isAdmin: false,
      link: { linkId: "k3J9", reach: { kind: "runs", runIds: ["a"] }, makerId: undefined },
    },
  ],
])("the credential %j", (credential, principal) => {
  expect(credentialOf(principal)).toBe(credential);
});

test("the callers without credentials", () => {
  expect(NOBODY).toEqual({ username: "", isAdmin: false });
  expect(LOCAL).toEqual({ username: "local", isAdmin: true });
});

test.each<[boolean, Narrowing | undefined]>([
  [true, undefined],
  [true, { scopes: new Set(["admin"]) }],
  [true, { scopes: new Set(["read", "admin"]), experimentIds: undefined }],
  [false, { scopes: new Set(["admin"]), experimentIds: ["1"] }],
  [false, { scopes: new Set(["admin"]), experimentIds: [] }],
  [false, { scopes: new Set(["read", "write", "artifacts"]) }],
  [false, { scopes: new Set() }],
])("an admin is whole: %j, with %o", (whole, narrowing) => {
  expect(isWhole(narrowing)).toBe(whole);
});
