import { isEvent, Output } from "../engine/element.ts";
import type { Operator } from "../engine/operator.ts";
import type { EnrichSettings } from "../nodes.ts";
import type { TableReader } from "../table-reader.ts";
import { valueAt } from "./table-row.ts";

/** Adds to each event what a table says of it; one read of the table a batch. */
export function enrichOperator(settings: EnrichSettings, table: TableReader): Operator {
  const { key: keyOf, merge } = settings;
  return {
    async process(elements, batch) {
      const output = new Output();
      const refs: Array<{ readonly tenant: string; readonly key: string }> = [];
      const asked = elements.map((element) => {
        if (!isEvent(element)) return undefined;
        try {
          const key = keyOf(element.event);
          if (key === undefined) return -1;
          return refs.push({ tenant: element.event.tenant, key }) - 1;
        } catch (error) {
          batch.fail(element, error);
          return undefined;
        }
      });
      const rows = refs.length === 0 ? [] : await table.get(refs);
      elements.forEach((element, i) => {
        const at = asked[i];
        if (!isEvent(element) || at === undefined) return output.drop(element);
        try {
          const row = rows[at];
          const value = row === undefined ? undefined : valueAt(row, element.event.time);
          element.event = merge(element.event, value);
          output.push(element);
        } catch (error) {
          batch.fail(element, error);
          output.drop(element);
        }
      });
      return output.elements;
    },
  };
}
