import type { Suggestion, WholeCase } from "../../api/fraud-answers.ts";
import { Icon } from "../../ui/icon.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { ActOnCase } from "./case-page.tsx";

interface SuggestionsPanelProps {
  readonly of: WholeCase;
  readonly act: ActOnCase;
  readonly isBusy: boolean;
}

/** What follows from the labels, so that the same mistake is not made again. */
export function SuggestionsPanel({ of, act, isBusy }: SuggestionsPanelProps) {
  if (of.suggestions.length === 0) return null;
  return (
    <Panel title="Suggested by the labels">
      <ul className="suggestions">
        {of.suggestions.map((suggestion) => (
          <li key={suggestion.id}>
            <span>{wordsOf(suggestion)}</span>
            {suggestion.taken ? (
              <span className="badge badge-approve">
                <Icon name="check" /> Done
              </span>
            ) : (
              <button
                type="button"
                className="button button-small"
                disabled={isBusy}
                onClick={() => void act("suggestions", { suggestion: suggestion.id })}
              >
                {suggestion.kind === "snooze"
                  ? "Snooze"
                  : suggestion.list === "deny"
                    ? "Deny"
                    : "Allow"}
              </button>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function wordsOf({ kind, rule, list, entity, value, payments }: Suggestion) {
  const of = payments === 1 ? "1 payment" : `${payments} payments`;
  if (kind === "snooze")
    return (
      <>
        Silence the rule <code>{rule}</code> for {entity} <code>{value}</code> for 30 days ({of})
      </>
    );
  return (
    <>
      {list === "deny" ? "Deny" : "Let through for 90 days"} {entity} <code>{value}</code> ({of})
    </>
  );
}
