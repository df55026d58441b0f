import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { project, unproject } from "../../src/geo/equal-earth.ts";
import { world } from "../../src/geo/world.ts";

describe("the world", () => {
  it("knows its countries by their codes", () => {
    for (const code of ["GB", "US", "IE", "JE", "MT", "SG", "HK", "BH", "XK", "RU", "FR", "NO"]) {
      expect(world.codes, code).toContain(code);
    }
    expect(world.codes).not.toContain("AQ");
  });

  it("has dots for what cannot be seen, and for nothing else", () => {
    for (const code of ["MT", "SG", "JE", "BH"]) expect(world.small.has(code), code).toBe(true);
    for (const code of ["AU", "US", "DE", "RU"]) expect(world.small.has(code), code).toBe(false);
  });

  it("has no ring that leaps over the edge of the map", () => {
    for (const { geometry } of world.features.features) {
      for (const ring of geometry.coordinates.flat()) {
        for (const [index, [longitude = 0]] of ring.entries()) {
          const [before = longitude] = ring[index - 1] ?? [];
          expect(Math.abs(longitude)).toBeLessThanOrEqual(180 + 1e-6);
          expect(Math.abs(longitude - before)).toBeLessThan(180);
        }
      }
    }
  });
});

describe("the Equal Earth projection", () => {
  it("comes back to where it was", () => {
    fc.assert(
      fc.property(degrees(180), degrees(89.5), (longitude, latitude) => {
        const [x, y] = unproject(project([longitude, latitude]));
        expect(x).toBeCloseTo(longitude, 6);
        expect(y).toBeCloseTo(latitude, 6);
      }),
    );
  });

  it("has the published extent: 2.7066 by 1.3174 of the radius", () => {
    expect(project([180, 0])[0] / 1_000).toBeCloseTo(2.70663, 5);
    expect(project([0, -90])[1] / 1_000).toBeCloseTo(1.317_363, 5);
  });
});

function degrees(most: number): fc.Arbitrary<number> {
  return fc.double({ min: -most, max: most, noNaN: true });
}
