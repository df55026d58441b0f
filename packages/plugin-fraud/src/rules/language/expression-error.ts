/** A place in an expression's text; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with an expression, and where. The message says what was expected and, for a name, which one is near. */
export class ExpressionError extends Error {
  override readonly name = "ExpressionError";
  readonly place: Place;

  constructor(message: string, place: Place) {
    super(`${place.line}:${place.column}: ${message}`);
    this.place = place;
  }
}
