import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createCsvParser } from "../../src/importing/csv-parser.ts";

function parse(text: string, cuts: readonly number[] = []): string[][] {
  const parser = createCsvParser("file.csv");
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b)];
  const pieces = places.map((place, i) => text.slice(place, places[i + 1] ?? text.length));
  return [...pieces.flatMap((piece) => parser.push(piece)), ...parser.end()];
}

const quoted = (text: string): string =>
  /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;

test("what is written by the rules is read as it was, wherever the text is cut", () => {
  const cell = fc.oneof(fc.string({ maxLength: 6 }), fc.stringMatching(/^[a",\n\r ]{0,5}$/));
  const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 6 });
  fc.assert(
    fc.property(
      rows,
      fc.array(fc.nat(), { maxLength: 4 }),
      fc.constantFrom("\n", "\r\n"),
      fc.boolean(),
      (given, cuts, lineEnd, ends) => {
        const text = given.map((row) => row.map(quoted).join(",")).join(lineEnd);
        expect(parse(ends && text !== "" ? text + lineEnd : text, cuts)).toEqual(given);
      },
    ),
    { numRuns: 500 },
  );
});

test("rows have the cells their lines have, and empty lines are none", () => {
  expect(parse("a,b,c\n1\n\n1,2,3,4\r\n,,\n")).toEqual([
    ["a", "b", "c"],
    ["1"],
    ["1", "2", "3", "4"],
    ["", "", ""],
  ]);
});

test("a quote inside a cell is a character like any other", () => {
  expect(parse('nail 5",x\n"a"b,"c" \n')).toEqual([
    ['nail 5"', "x"],
    ["ab", "c "],
  ]);
});

test("a quote that is never closed is said", () => {
  expect(() => parse('a,"b\nc,d\n')).toThrow(/never closed/);
});
