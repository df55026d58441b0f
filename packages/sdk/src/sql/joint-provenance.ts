import type { QueryProvenance } from "../ports/query-engine.ts";

/** What an answer made of several was read from. It is as complete as the least complete of them. */
export function jointProvenance(answers: readonly QueryProvenance[]): QueryProvenance {
  const behind = new Set(answers.flatMap((answer) => answer.behind ?? []));
  return {
    asOf: Math.min(...answers.map(({ asOf }) => asOf)),
    versions: Object.assign({}, ...answers.map(({ versions }) => versions)),
    reads: Object.assign({}, ...answers.map(({ reads }) => reads)),
    ...(behind.size > 0 && { behind: [...behind] }),
  };
}
