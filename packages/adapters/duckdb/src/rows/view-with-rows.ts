import type { LakeView } from "../lake/lake-view.ts";

/** A lake table's view with rows beside it, given as a SELECT of the same columns. */
export function viewWithRows(view: LakeView, rows: string): LakeView {
  return {
    ...view,
    key: `${view.key} ${rows}`,
    select: async (look) => `${await view.select(look)} UNION ALL ${rows}`,
  };
}
