import { expect, expectTypeOf, test } from "vitest";
import { createContainer, createToken } from "../src/container.ts";

test("a token finds what was set under it, with its type", () => {
  const container = createContainer();
  const token = createToken<{ readonly n: number }>("test.n");
  expect(container.has(token)).toBe(false);
  expect(() => container.get(token)).toThrow();
  container.set(token, { n: 1 });
  expectTypeOf(container.get(token)).toEqualTypeOf<{ readonly n: number }>();
  expect(container.get(token).n).toBe(1);
  expect(container.get(createToken<{ readonly n: number }>("test.n")).n).toBe(1);
});

test("containers share nothing", () => {
  const token = createToken<number>("test.shared");
  const [one, two] = [createContainer(), createContainer()];
  one.set(token, 1);
  expect(two.has(token)).toBe(false);
});

test("undefined and falsy services are services", () => {
  const container = createContainer();
  const token = createToken<number>("test.zero");
  container.set(token, 0);
  expect(container.get(token)).toBe(0);
  const nothing = createToken<undefined>("test.nothing");
  container.set(nothing, undefined);
  expect(container.get(nothing)).toBeUndefined();
});
