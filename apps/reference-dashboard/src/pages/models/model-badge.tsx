import type { ModelInfo, ModelState } from "../../api/model-answers.ts";
import { formatPercent } from "../../format/numbers.ts";

const tones: Readonly<Record<ModelState, string>> = {
  registered: "",
  shadow: "badge-look",
  challenger: "badge-accent",
  canary: "badge-challenge",
  champion: "badge-approve",
  retired: "",
};

export function ModelBadge({ of: { state, share } }: { readonly of: ModelInfo }) {
  return (
    <span className={`badge badge-plain ${tones[state]}`}>
      {state}
      {share !== undefined && ` ${formatPercent(share)}`}
    </span>
  );
}
