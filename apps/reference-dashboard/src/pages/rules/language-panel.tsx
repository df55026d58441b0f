import { useState } from "react";
import type { RuleLanguage } from "../../api/rule-answers.ts";
import { useQuery } from "../../api/use-query.ts";
import { Panel } from "../../ui/panel.tsx";

/** What rules may name. */
export function LanguagePanel() {
  const [wanted, setWanted] = useState("");
  const language = useQuery<RuleLanguage>("/v1/fraud/rule-language");
  if (language.data === undefined) return null;
  const fits = (name: string) => name.includes(wanted.toLowerCase());
  return (
    <Panel
      title="What rules may name"
      actions={
        <input
          type="search"
          aria-label="Find a field or function"
          placeholder="Find"
          value={wanted}
          onChange={(event) => setWanted(event.target.value)}
        />
      }
    >
      <ul className="language">
        {language.data.fields
          .filter(({ name }) => fits(name))
          .map(({ name, type }) => (
            <li key={name}>
              <code>{name}</code> <span className="muted">{type}</span>
            </li>
          ))}
        {language.data.functions
          .filter(({ name }) => fits(name))
          .map(({ name, summary }) => (
            <li key={name}>
              <code>{name}()</code> <span className="muted">{summary}</span>
            </li>
          ))}
      </ul>
    </Panel>
  );
}
