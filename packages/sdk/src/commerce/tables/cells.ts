import type { EventEnvelope } from "../../events/envelope.ts";
import type { Column } from "../../ports/table-store.ts";
import { channelOf } from "../channel.ts";
import { exactUnits, formatUnits, parseMoney, roundMoney } from "../money.ts";
import { type Data, idText, textOf } from "../normalise.ts";
import { exactLineAmount, quantityOf } from "../order-money.ts";

/** Money in the lake: exact, with four decimals. */
export const moneyType = "decimal(18,4)";

/** An amount as a cell; amounts with more than four decimals are rounded half up. */
export function moneyCell(value: unknown): string | null {
  if (value == null) return null;
  const units = exactUnits(value);
  if (!Number.isNaN(units)) return formatUnits(units);
  const amount = parseMoney(value);
  return amount === undefined ? null : fitted(amount);
}

/** To four decimals; NULL where it is too large for the column, so that one absurd amount cannot stop a table. */
function fitted(amount: string): string | null {
  const rounded = roundMoney(amount, 4);
  return rounded.length <= (rounded.startsWith("-") ? 20 : 19) ? rounded : null;
}

/** price × quantity of a line. */
export function lineAmountCell(line: Data): string | null {
  const quantity = quantityOf(line);
  if (Number.isInteger(quantity)) {
    const units = exactUnits(line["price"] ?? 0) * quantity;
    if (Number.isSafeInteger(units)) return formatUnits(units);
  }
  return fitted(exactLineAmount(line));
}

export function text(value: unknown): string | null {
  return textOf(value) ?? null;
}

export function id(value: unknown): string | null {
  return idText(value) ?? null;
}

export function number(value: unknown): number | null {
  if (value == null || value === "") return null;
  const result = Number(value);
  return Number.isFinite(result) ? result : null;
}

export function countryOf({ data, context }: EventEnvelope): string | null {
  return textOf(data["country"]) ?? context.geo?.country ?? null;
}

export function channelCell({ data, context }: EventEnvelope): string | null {
  return textOf(data["channel"]) ?? channelOf(context) ?? null;
}

export const actorColumns: readonly Column[] = [
  { name: "customer_id", type: "string" },
  { name: "anonymous_id", type: "string" },
  { name: "session_id", type: "string" },
  { name: "device_id", type: "string" },
];

export function actorCells({ actor }: EventEnvelope) {
  return {
    customer_id: actor.customerId ?? null,
    anonymous_id: actor.anonymousId ?? null,
    session_id: actor.sessionId ?? null,
    device_id: actor.deviceId ?? null,
  };
}
