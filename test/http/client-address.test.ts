import { expect, test } from "vitest";
import { addressOf, networkOf } from "../../src/http/client-address.ts";

const request = (headers: Record<string, string>) => new Request("http://localhost/", { headers });

const addressBehind = (trustedProxies: number, forwarded: string) =>
  addressOf(request({ "X-Forwarded-For": forwarded, "CF-Connecting-IP": "6.6.6.6" }), {
    isOnOneMachine: true,
    trustedProxies,
  });

test("the edge tells the address, and what a client writes beside it does not count", () => {
  const told = request({ "CF-Connecting-IP": "203.0.113.7", "X-Forwarded-For": "6.6.6.6" });
  expect(addressOf(told, { isOnOneMachine: false, trustedProxies: 1 })).toBe("203.0.113.7");
});

test("on one machine no header is believed unless the settings say so", () => {
  expect(addressBehind(0, "203.0.113.7")).toBe("");
});

test.each([
  ["203.0.113.7:51234", "203.0.113.7"],
  ["[2001:db8::1]:51234", "2001:db8::1"],
  ["[::ffff:203.0.113.7]:51234", "::ffff:203.0.113.7"],
  ["(unknown address family)", ""],
])("on one machine without proxies, a connection from %j is from %j", (clientIp, address) => {
  const told = new Request("http://localhost/", { headers: { "X-Forwarded-For": "6.6.6.6" }, cf: { clientIp } });
  expect(addressOf(told, { isOnOneMachine: true, trustedProxies: 0 })).toBe(address);
});

test.each([
  [1, "6.6.6.6, 203.0.113.7", "203.0.113.7"],
  [2, "6.6.6.6, 203.0.113.7, 10.0.0.2", "203.0.113.7"],
  [1, "203.0.113.7:51234", "203.0.113.7"],
  [1, "[2001:db8::1]:443", "2001:db8::1"],
  [1, "2001:db8::1", "2001:db8::1"],
  [2, "203.0.113.7", ""],
  [1, "unknown", ""],
  [1, "", ""],
])("behind %i proxies, %j comes from %j", (proxies, forwarded, address) => {
  expect(addressBehind(proxies, forwarded)).toBe(address);
});

test.each([
  ["203.0.113.7", "203.0.113.7"],
  ["::ffff:203.0.113.7", "203.0.113.7"],
  ["2001:db8:1:2::1", "2001:db8:1:2"],
  ["2001:0db8:0001:0002:0:0:0:2", "2001:db8:1:2"],
  ["2001:db8::1", "2001:db8:0:0"],
  ["::1", "0:0:0:0"],
  ["1:2:3:4:5:6:7:8::9", "1:2:3:4"],
  ["", ""],
])("%j is of the network %j", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
