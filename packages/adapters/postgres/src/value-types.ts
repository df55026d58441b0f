/** Object ids of the types that drivers read differently. @see https://github.com/postgres/postgres/blob/master/src/include/catalog/pg_type.dat */
const int8 = 20;
const date = 1082;
const numeric = 1700;

const asText = (text: string): string => text;

/** Read as text by both drivers: integers past 2^53 and decimals stay exact, and a date has no time zone. */
export const textTypes: Readonly<Record<number, (text: string) => string>> = {
  [int8]: asText,
  [date]: asText,
  [numeric]: asText,
};
