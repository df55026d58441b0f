type LogMethod = {
  (message: string): void;
  (fields: Record<string, unknown>, message: string): void;
};

/** The part of a pino logger that ECAP uses; a pino instance is one. Never log a secret or a personal datum. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
  child(bindings: Record<string, unknown>): Logger;
}

const ignore: LogMethod = () => {};

export const silentLogger: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => silentLogger,
};
