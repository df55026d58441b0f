import { useState } from "react";
import type { TimelineEntry, WholeCase } from "../../api/fraud-answers.ts";
import { formatInstant } from "../../format/times.ts";
import { Icon, type IconName } from "../../ui/icon.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { ActOnCase } from "./case-page.tsx";

interface TimelinePanelProps {
  readonly of: WholeCase;
  readonly act: ActOnCase;
  readonly isBusy: boolean;
}

interface Moment {
  readonly key: string;
  readonly at: number;
  readonly icon: IconName;
  readonly text: string;
  readonly note?: string;
}

const mostNoteCharacters = 10_000;

/** What happened, newest first: payments, and what people did. */
export function TimelinePanel({ of, act, isBusy }: TimelinePanelProps) {
  const [note, setNote] = useState("");
  const moments = momentsOf(of);
  return (
    <Panel title="Timeline and notes">
      <form
        className="note-form"
        onSubmit={(event) => {
          event.preventDefault();
          void act("notes", { text: note.trim() }).then((done) => {
            if (done) setNote("");
          });
        }}
      >
        <label htmlFor="note" className="visually-hidden">
          Note
        </label>
        <textarea
          id="note"
          rows={2}
          maxLength={mostNoteCharacters}
          placeholder="What did you find out?"
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
        <button type="submit" className="button" disabled={isBusy || note.trim() === ""}>
          Add note
        </button>
      </form>
      <ol className="timeline">
        {moments.map(({ key, at, icon, text, note: said }) => (
          <li key={key}>
            <span className="timeline-icon">
              <Icon name={icon} />
            </span>
            <div>
              <p>
                {text} <time dateTime={new Date(at).toISOString()}>{formatInstant(at)}</time>
              </p>
              {said !== undefined && <p className="timeline-note">{said}</p>}
            </div>
          </li>
        ))}
      </ol>
    </Panel>
  );
}

function momentsOf({ timeline, payments, openedAt }: WholeCase): readonly Moment[] {
  const done = timeline.map((entry, i): Moment => {
    const { icon, text } = shownOf(entry);
    return {
      key: `${entry.at}/${timeline.length - i}`,
      at: Date.parse(entry.at),
      icon,
      text,
      ...(entry.action === "note" && { note: String(entry.details["text"] ?? "") }),
    };
  });
  // A case of many payments would bury what people did: of those the first and the last are enough.
  const byTime = payments.toSorted((a, b) => (a.time < b.time ? -1 : 1));
  const few = byTime.length > 8 ? [...byTime.slice(0, 4), ...byTime.slice(-4)] : byTime;
  const paid = few.map(
    (payment): Moment => ({
      key: payment.paymentId,
      at: Date.parse(payment.time),
      icon: "alert",
      text: `Payment ${payment.paymentId}: ${payment.outcome}`,
    }),
  );
  const opened: Moment = {
    key: "opened",
    at: Date.parse(openedAt),
    icon: "inbox",
    text: "Case opened",
  };
  return [...done, ...paid, opened].toSorted((a, b) => b.at - a.at);
}

function shownOf({ by, action, details }: TimelineEntry): { icon: IconName; text: string } {
  switch (action) {
    case "note":
      return { icon: "note", text: `Note by ${by}` };
    case "label":
      return {
        icon: "tag",
        text: `${by} labelled ${details["payments"]} as ${details["verdict"]}`,
      };
    case "assign":
      return {
        icon: "user",
        text:
          details["to"] === null
            ? `${by} gave it back`
            : details["to"] === by
              ? `${by} took it`
              : `${by} gave it to ${details["to"]}`,
      };
    case "close":
      return { icon: "check", text: `${by} closed it: ${details["resolution"]}` };
    case "reopen":
      return { icon: "refresh", text: `${by} reopened it` };
    case "escalate":
      return { icon: "flag", text: `${by} escalated it` };
    case "wait":
      return { icon: "clock", text: `${by} waits` };
    case "resume":
      return { icon: "play", text: `${by} went on` };
    case "move":
      return { icon: "right", text: `${by} moved it to ${details["queue"]}` };
    case "merge":
      return { icon: "merge", text: `${by} put it into case #${details["into"]}` };
    case "took in":
      return { icon: "merge", text: `${by} put case #${details["case"]} into it` };
    case "file":
      return { icon: "file", text: `${by} added ${details["file"]}` };
    case "suggestion":
      return { icon: "check", text: `${by} took a suggestion: ${details["suggestion"]}` };
    default:
      return { icon: "pulse", text: `${by}: ${action}` };
  }
}
