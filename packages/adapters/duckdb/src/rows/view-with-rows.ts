import type { LakeView } from "../lake/lake-view.ts";

/** A lake table's view with rows beside it, given as a SELECT of the same columns. */
export function viewWithRows(view: LakeView, rows: string): LakeView {
  const both = (select: string): string => `${select} UNION ALL ${rows}`;
  return {
    ...view,
    select: both(view.select),
    selectWith: (present) => both(view.selectWith(present)),
  };
}
