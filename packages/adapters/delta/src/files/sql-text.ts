/** An identifier in SQL. */
export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** An expression as part of another. The line break ends a comment it may close with. */
export const grouped = (expression: string) => `(${expression}\n)`;

/** True for rows the condition holds for; false also where it is NULL. */
export const holds = (condition: string) => `coalesce(${grouped(condition)}, false)`;
