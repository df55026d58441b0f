import { EcapError, isSamePerson, type Somebody } from "@ecap/sdk";

export const caseStates = ["new", "working", "waiting", "closed", "merged"] as const;
export type CaseState = (typeof caseStates)[number];

export const resolutions = ["fraud", "legitimate", "inconclusive"] as const;
/** What came out of a case. */
export type Resolution = (typeof resolutions)[number];

/** States in which something is still to be done. */
export const openStates = ["new", "working", "waiting"] as const satisfies readonly CaseState[];

/** Where what was escalated waits. */
export const escalatedQueue = "escalated";

export interface CaseLife {
  readonly state: CaseState;
  readonly queue: string;
  /** There exactly while somebody works on it or waits with it, and kept when it is closed. */
  readonly assignee: string | null;
  readonly resolution: Resolution | null;
  readonly escalatedBy: Somebody | null;
  readonly closedBy: string | null;
  readonly mergedInto: number | null;
}

export type CaseStep =
  | { readonly do: "assign"; readonly to: string | null }
  | { readonly do: "wait" }
  | { readonly do: "resume" }
  | { readonly do: "move"; readonly queue: string }
  | { readonly do: "escalate" }
  | { readonly do: "close"; readonly resolution: Resolution }
  | { readonly do: "reopen" }
  | { readonly do: "merge"; readonly into: number };

/** States in which each step can be taken. */
export const allowedIn: Readonly<Record<CaseStep["do"], readonly CaseState[]>> = {
  assign: openStates,
  wait: ["working"],
  resume: ["waiting"],
  move: openStates,
  escalate: openStates,
  close: openStates,
  reopen: ["closed"],
  merge: openStates,
};

/** What becomes of a case by a step: ECAP_CONFLICT where its state does not allow it, ECAP_FORBIDDEN where another person must take it. */
export function afterStep(life: CaseLife, step: CaseStep, by: Somebody): CaseLife {
  if (!allowedIn[step.do].includes(life.state))
    throw new EcapError("ECAP_CONFLICT", `a case that is ${life.state} allows no "${step.do}"`, {
      received: life.state,
    });
  switch (step.do) {
    case "assign":
      return { ...life, state: step.to === null ? "new" : "working", assignee: step.to };
    case "wait":
      return { ...life, state: "waiting" };
    case "resume":
      return { ...life, state: "working" };
    case "move":
      return { ...life, queue: step.queue };
    case "escalate":
      if (life.escalatedBy !== null)
        throw new EcapError("ECAP_CONFLICT", "the case was escalated already");
      return {
        ...life,
        state: "new",
        queue: escalatedQueue,
        assignee: null,
        escalatedBy: { id: by.id, ...(by.madeBy !== undefined && { madeBy: by.madeBy }) },
      };
    case "close":
      if (life.escalatedBy !== null && isSamePerson(by, life.escalatedBy))
        throw new EcapError(
          "ECAP_FORBIDDEN",
          "an escalated case is closed by somebody else than who escalated it",
        );
      return {
        ...life,
        state: "closed",
        resolution: step.resolution,
        assignee: life.assignee ?? by.id,
        closedBy: by.id,
      };
    case "reopen":
      return {
        ...life,
        state: "working",
        resolution: null,
        assignee: by.id,
        closedBy: null,
        escalatedBy: null,
      };
    case "merge":
      break;
  }
  return { ...life, state: "merged", mergedInto: step.into, assignee: null };
}
