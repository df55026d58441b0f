import { useRef, useState } from "react";
import type { WholeCase } from "../../api/fraud-answers.ts";
import { formatInstant } from "../../format/times.ts";
import { Icon } from "../../ui/icon.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { ActOnCase } from "./case-page.tsx";

interface FilesPanelProps {
  readonly of: WholeCase;
  readonly path: string;
  readonly act: ActOnCase;
  readonly isBusy: boolean;
}

const mostBytes = 716_800;
const kinds = [
  "image/png",
  "image/jpeg",
  "image/webp",
  "application/pdf",
  "text/plain",
  "text/csv",
];

export function FilesPanel({ of, path, act, isBusy }: FilesPanelProps) {
  const [refusal, setRefusal] = useState<string>();
  const input = useRef<HTMLInputElement>(null);

  async function add(file: File): Promise<void> {
    setRefusal(undefined);
    if (!kinds.includes(file.type))
      return setRefusal(`${file.name}: pictures, PDF, text and CSV are kept, nothing else.`);
    if (file.size > mostBytes) return setRefusal(`${file.name} has more than 700 kB.`);
    const content = base64Of(new Uint8Array(await file.arrayBuffer()));
    await act("files", { name: file.name, mediaType: file.type, content });
    return undefined;
  }

  return (
    <Panel
      title="Files"
      actions={
        <button
          type="button"
          className="button button-small"
          disabled={isBusy}
          onClick={() => input.current?.click()}
        >
          <Icon name="file" /> Add file
        </button>
      }
    >
      <input
        ref={input}
        type="file"
        className="visually-hidden"
        tabIndex={-1}
        aria-label="File to add"
        accept={kinds.join(",")}
        onChange={(event) => {
          const [file] = event.target.files ?? [];
          event.target.value = "";
          if (file !== undefined) void add(file);
        }}
      />
      {refusal !== undefined && (
        <p className="note" role="alert">
          <Icon name="alert" /> {refusal}
        </p>
      )}
      {of.files.length === 0 ? (
        <p className="muted">No files. Pictures, PDF, text and CSV up to 700 kB.</p>
      ) : (
        <ul className="files">
          {of.files.map((file) => (
            <li key={file.id}>
              <Icon name="file" />
              <a href={`${path}/files/${file.id}`} download={file.name}>
                {file.name}
              </a>
              <span className="muted">
                {Math.ceil(file.bytes / 1024)} kB, {file.addedBy},{" "}
                {formatInstant(Date.parse(file.addedAt))}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function base64Of(bytes: Uint8Array): string {
  let text = "";
  for (let start = 0; start < bytes.length; start += 0x8000)
    text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  return btoa(text);
}
