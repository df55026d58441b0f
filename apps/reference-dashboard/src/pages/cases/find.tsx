import { useState } from "react";

interface FindProps {
  readonly wanted: string | undefined;
  readonly onFind: (wanted: string | undefined) => void;
}

/** Looks in all cases for an id. */
export function Find({ wanted = "", onFind }: FindProps) {
  const [text, setText] = useState(wanted);
  return (
    <form
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        onFind(text.trim() === "" ? undefined : text.trim());
      }}
    >
      <input
        type="search"
        aria-label="Find by the id of a payment, customer, card, device or address"
        placeholder="Payment, customer, card…"
        maxLength={256}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </form>
  );
}
