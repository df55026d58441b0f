import { EcapError } from "@ecap/sdk";
import type { Command } from "commander";
import { withApi } from "../context.ts";
import { type AddCommand, base, type UseCaseOptions } from "./model-api.ts";

interface Policy {
  readonly labels: number;
  readonly frauds: number;
  readonly gain: number;
}

type PolicyOptions = UseCaseOptions &
  Partial<Readonly<Record<keyof Policy, string>>> & { readonly never?: boolean };

/** `ecap model policy`. */
export function addPolicyCommands(add: AddCommand): void {
  add(
    "policy",
    "show when a challenger is promoted without a person, or set it; by an admin with --api-key",
  )
    .option("--labels <number>", "labelled payments that both models scored, at least")
    .option("--frauds <number>", "of these frauds, at least")
    .option("--gain <number>", "how much larger the area under the ROC curve must be")
    .option("--never", "promote by persons only")
    .action((options: PolicyOptions, command: Command) =>
      withApi(command, async (api, { output }) => {
        const asked = asPolicy(options);
        const path = base(options);
        const { policy } =
          asked === undefined
            ? await api.call<{ policy?: Policy | null }>("GET", `${path}/roles`)
            : await api.call<{ policy?: Policy | null }>("PUT", `${path}/policy`, {
                policy: asked,
              });
        output.result({ policy: policy ?? null }, () => described(policy ?? undefined));
      }),
    );
}

/** null: never; undefined: nothing is to be changed. */
function asPolicy({ labels, frauds, gain, never }: PolicyOptions): Policy | null | undefined {
  if (never === true) return null;
  const given = [labels, frauds, gain];
  if (given.every((each) => each === undefined)) return undefined;
  if (labels === undefined || frauds === undefined || gain === undefined)
    throw new EcapError("ECAP_REQUEST_INVALID", "a policy is --labels, --frauds and --gain");
  return { labels: Number(labels), frauds: Number(frauds), gain: Number(gain) };
}

function described(policy: Policy | undefined): string {
  if (policy === undefined) return "a challenger is promoted by persons only";
  const { labels, frauds, gain } = policy;
  return `a challenger is promoted when its AUC is larger by ${gain} on at least ${labels} labelled payments, ${frauds} of them frauds, and that is no chance`;
}
