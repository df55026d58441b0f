import { expect, test, vi } from "vitest";
import { hourOf, wallClock } from "../../../src/rules/language/calendar.ts";

const noon = Date.UTC(2026, 6, 1, 12);

/** Formats made from here on, by their zones. */
function formatsMade(): string[] {
  const made: string[] = [];
  const { DateTimeFormat } = Intl;
  vi.spyOn(Intl, "DateTimeFormat").mockImplementation(function (
    locale?: Intl.LocalesArgument,
    options?: Intl.DateTimeFormatOptions,
  ) {
    made.push(options?.timeZone ?? "");
    return new DateTimeFormat(locale, options);
  });
  return made;
}

test("a thousand clocks of one zone have one format, however the zone is written", () => {
  const made = formatsMade();
  for (let i = 0; i < 500; i += 1) {
    expect(hourOf(wallClock("America/Caracas")(noon))).toBe(8);
    expect(hourOf(wallClock("america/caracas")(noon))).toBe(8);
  }
  expect(made).toEqual(["America/Caracas"]);
});

test("clocks of more zones than are kept go on being right", () => {
  const zones = Intl.supportedValuesOf("timeZone");
  expect(zones.length).toBeGreaterThan(200);
  const clocks = zones.map((zone) => wallClock(zone));
  const hours = zones.map((zone) =>
    Number(
      new Intl.DateTimeFormat("en-US", {
        timeZone: zone,
        hourCycle: "h23",
        hour: "numeric",
      }).format(noon),
    ),
  );
  expect(clocks.map((clock) => hourOf(clock(noon)))).toEqual(hours);
  const made = formatsMade();
  for (const clock of clocks) clock(noon + 1);
  expect(made).toEqual([]);
});

test("a zone that is not known is refused when the clock is made", () => {
  expect(() => wallClock("Europe/Atlantis")).toThrow(RangeError);
});
