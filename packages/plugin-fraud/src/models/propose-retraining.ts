import type { Job } from "@ecap/sdk";
import type { ModelBook } from "@ecap/sdk/models";
import type { Retraining } from "./retraining.ts";

/** Looks at the deciding model of each tenant this process knows. */
export function proposalJob({
  useCase,
  book,
  retraining,
}: {
  readonly useCase: string;
  readonly book: Pick<ModelBook, "keys">;
  readonly retraining: Pick<Retraining, "look">;
}): Job {
  return {
    name: `${useCase}-model-proposals`,
    schedule: { everyMs: 6 * 3_600_000 },
    async run({ signal }) {
      let raised = 0;
      for (const tenant of book.keys()) if (await retraining.look(tenant, signal)) raised += 1;
      return { raised };
    },
  };
}
