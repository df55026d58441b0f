import { EcapError } from "@ecap/sdk";
import type { Command } from "commander";
import { withApi } from "../context.ts";
import { formatTable } from "../output.ts";
import { type AddCommand, base, type UseCaseOptions } from "./model-api.ts";

type Evidence =
  | {
      readonly kind: "decay";
      readonly measure: string;
      readonly before: number;
      readonly now: number;
      readonly labelled: number;
    }
  | {
      readonly kind: "score-drift" | "feature-drift";
      readonly feature?: string;
      readonly psi: number;
      readonly values: number;
    };

interface Proposal {
  readonly id: string;
  readonly model: string;
  readonly state: string;
  readonly raisedAt: string;
  readonly evidence: readonly Evidence[];
  readonly closedBy?: string;
  readonly reason?: string;
  readonly training?: string;
}

interface ProposalOptions extends UseCaseOptions {
  readonly accept?: string;
  readonly dismiss?: string;
  readonly reason?: string;
}

/** `ecap model proposals`. */
export function addProposalCommands(add: AddCommand): void {
  add("proposals", "what drift or decay proposes to train again; accept or dismiss one")
    .option("--accept <id>", "train another model, which becomes the challenger")
    .option("--dismiss <id>", "leave the model as it is, with --reason")
    .option("--reason <text>", "why it is left as it is")
    .action((options: ProposalOptions, command: Command) =>
      withApi(command, async (api, { output }) => {
        const path = `${base(options)}/proposals`;
        const answer = answerOf(options);
        if (answer === undefined) {
          const { items } = await api.call<{ items: Proposal[] }>("GET", path);
          output.result(items, () => formatTable(items.map(line)));
          return;
        }
        const { id, how, body } = answer;
        const asked = `${path}/${encodeURIComponent(id)}/${how}`;
        const made = await api.call<Proposal>("POST", asked, body);
        output.result(made, () =>
          made.training === undefined
            ? `the proposal is ${made.state}`
            : `the training ${made.training} has begun; ecap model list will have its model as challenger`,
        );
      }),
    );
}

function answerOf({ accept, dismiss, reason }: ProposalOptions) {
  if (accept !== undefined && dismiss !== undefined)
    throw new EcapError("ECAP_REQUEST_INVALID", "either --accept or --dismiss");
  if (accept !== undefined) return { id: accept, how: "accept", body: {} } as const;
  if (dismiss === undefined) return undefined;
  if (reason === undefined)
    throw new EcapError("ECAP_REQUEST_INVALID", "--dismiss wants a --reason");
  return { id: dismiss, how: "dismiss", body: { reason } } as const;
}

function line({ id, model, state, raisedAt, evidence, closedBy, reason }: Proposal) {
  return {
    id,
    model,
    state,
    raised: raisedAt,
    evidence: evidence.map(told).join("; "),
    by: closedBy,
    reason,
  };
}

function told(evidence: Evidence): string {
  if (evidence.kind !== "decay")
    return `${evidence.feature ?? "scores"} drifted by ${evidence.psi.toFixed(2)} (${evidence.values} values)`;
  const { measure, before, now, labelled } = evidence;
  return `${measure} ${before.toFixed(3)} → ${now.toFixed(3)} (${labelled} labelled)`;
}
