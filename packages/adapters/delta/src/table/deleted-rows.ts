import { type DeletedRows, EcapError } from "@ecap/sdk";
import {
  type DeletionVector,
  decodeDeletionVector,
  deletionVectorPath,
  deletionVectorRange,
} from "../format/deletion-vector.ts";
import { parsed } from "../format/parsed.ts";
import { keyOf, type TablePlace } from "./table-place.ts";

/** The rows of a deletion vector, read and checked whenever they are asked for. `rows` is how many the file has, where that is known. */
export function deletedRows(
  place: TablePlace,
  vector: DeletionVector,
  rows: number | undefined,
): DeletedRows {
  const source = `Table ${place.table}: the deletion vector ${vector.pathOrInlineDv}`;
  return {
    count: vector.cardinality,
    async positions() {
      const path = parsed(source, () => deletionVectorPath(vector));
      const range = path === undefined ? undefined : await readRange(place, path, vector);
      const positions = parsed(source, () => decodeDeletionVector(vector, range));
      if (rows !== undefined && positions.greatest >= rows) {
        const message = `${source} deletes row ${positions.greatest} of a file of ${rows}`;
        throw new EcapError("ECAP_TABLE_CORRUPT", message);
      }
      return positions.values();
    },
  };
}

async function readRange(
  place: TablePlace,
  path: string,
  vector: DeletionVector,
): Promise<Uint8Array> {
  const key = keyOf(place, path);
  const range = await place.objects.get(key, deletionVectorRange(vector));
  if (range) return range;
  throw new EcapError("ECAP_TABLE_CORRUPT", `Table ${place.table}: ${path} is gone`, { path: key });
}
