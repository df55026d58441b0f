import { errorTable } from "@ecap/sdk";

/** docs/errors.md as it follows from the error table. */
export function errorDocs(): string {
  const rows = Object.entries(errorTable).map(
    ([code, { status, retryable, help }]) =>
      `| \`${code}\` | ${status} | ${retryable ? "yes" : "no"} | ${help} |`,
  );
  return `# Errors

Every error ECAP raises on purpose has a code. In code it is an \`EcapError\` with \`code\`, \`message\` (what went wrong), \`received\` and \`path\` where they are known, \`help\` (what to do) and \`retryable\`. Over HTTP it is a
problem document (RFC 9457) with the same fields and the status below. This page is written from the table in \`packages/sdk/src/errors/error-table.ts\` by \`npm run docs:errors\`; a test keeps the two equal.

| code | status | retry helps | what to do |
|---|---|---|---|
${rows.join("\n")}
`;
}
