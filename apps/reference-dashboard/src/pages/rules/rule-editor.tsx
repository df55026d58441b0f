import { useRef } from "react";
import { Icon } from "../../ui/icon.tsx";
import { indexOf, type PlacedProblem } from "./rule-text.ts";

interface RuleEditorProps {
  readonly text: string;
  readonly onChange: (text: string) => void;
  /** Undefined while they are not known yet. */
  readonly problems: readonly PlacedProblem[] | undefined;
}

/** The rule set's text with its line numbers; a problem is marked at its line, and leads there. */
export function RuleEditor({ text, onChange, problems }: RuleEditorProps) {
  const area = useRef<HTMLTextAreaElement>(null);
  const gutter = useRef<HTMLDivElement>(null);
  const lines = text.split("\n").length;
  const marked = new Set(problems?.map(({ line }) => line));
  const go = ({ line, column }: PlacedProblem) => {
    const element = area.current;
    if (element === null) return;
    const at = indexOf(text, line, column);
    element.focus();
    element.setSelectionRange(at, at);
    const height = element.scrollHeight / Math.max(1, lines);
    element.scrollTop = Math.max(0, (line - 4) * height);
  };
  return (
    <>
      <div className="editor">
        <div className="editor-gutter" ref={gutter} aria-hidden="true">
          {Array.from({ length: lines }, (_, i) => (
            <span key={i + 1} className={marked.has(i + 1) ? "editor-marked" : undefined}>
              {i + 1}
            </span>
          ))}
        </div>
        <textarea
          ref={area}
          className="editor-text"
          aria-label="Rule set as YAML"
          aria-describedby="editor-problems"
          aria-invalid={problems !== undefined && problems.length > 0}
          spellCheck={false}
          autoCapitalize="off"
          autoCorrect="off"
          wrap="off"
          value={text}
          onChange={(event) => onChange(event.target.value)}
          onScroll={(event) => {
            if (gutter.current !== null) gutter.current.scrollTop = event.currentTarget.scrollTop;
          }}
        />
      </div>
      <div id="editor-problems" className="editor-problems" aria-live="polite">
        {problems?.length === 0 && (
          <p className="editor-fine">
            <Icon name="check" /> Every rule is understood.
          </p>
        )}
        <ul>
          {problems?.slice(0, 50).map((problem) => (
            <li key={`${problem.line}/${problem.column}/${problem.part}/${problem.message}`}>
              <button type="button" className="editor-problem" onClick={() => go(problem)}>
                <Icon name="alert" />
                <span className="editor-place">
                  {problem.line}:{problem.column}
                </span>
                <span>
                  {problem.rule !== undefined && <code>{problem.rule}</code>} {problem.part}:{" "}
                  {problem.message}
                </span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </>
  );
}
