import { expect, test } from "vitest";
import { returnAddress, signInAddress } from "../../../ui/src/shell/return-address.ts";

const BASE = "https://tracking.example/team/";

test("leads back to a page, or a file of this server", () => {
  expect(returnAddress("/experiments/1?q=a%26b", BASE)).toEqual({ page: "/experiments/1?q=a%26b" });
  expect(returnAddress("get-artifact?run_id=1&path=a%20b", BASE)).toEqual({
    file: "https://tracking.example/team/get-artifact?run_id=1&path=a%20b",
  });
  const address = signInAddress("/experiments/1?q=x&view=deleted");
  expect(returnAddress(new URLSearchParams(address.split("?")[1]).get("to") ?? "", BASE)).toEqual({
    page: "/experiments/1?q=x&view=deleted",
  });
});

test.each([
  "https://evil.example/",
  "HTTPS://evil.example",
  "\\\\evil.example",
  "\\/evil.example",
  "\t//evil.example",
  " //evil.example",
  "javascript:alert(1)",
  "java\nscript:alert(1)",
  "data:text/html,x",
  "blob:https://tracking.example/x",
  "../other/",
  "..%2f/x/../../../x",
  "%2e%2e/other",
  "https://tracking.example.evil.example/team/x",
  "https://tracking.example@evil.example/team/x",
  "//evil.example".slice(1).replace("/", "\\\\"),
  "",
  ".",
  "http://",
])("never leads to %j", (to) => {
  expect(returnAddress(to, BASE)).toEqual({ page: "/" });
});

test("a path that looks like another host is a page of ours, which is not there", () => {
  expect(returnAddress("//evil.example/x", BASE)).toEqual({ page: "//evil.example/x" });
});

test("does not lead back to itself", () => {
  expect(signInAddress("/sign-in?to=%2Fmodels")).toBe("/sign-in?to=%2Fmodels");
  expect(signInAddress("/")).toBe("/sign-in");
  expect(returnAddress("/sign-in?to=x", BASE)).toEqual({ page: "/" });
});
