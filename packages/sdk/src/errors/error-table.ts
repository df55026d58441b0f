/**
 * Every error ECAP raises on purpose. docs/errors.md is written from this table and a test keeps the two equal.
 *
 * `status` is the HTTP status of the problem document (RFC 9457) the error becomes; `retryable` says whether the same call can
 * succeed later without being changed.
 */
export const errorTable = {
  // Plugins and boot
  ECAP_PLUGIN_DUPLICATE: {
    status: 500,
    retryable: false,
    help: "Give each plugin once, or give one of them another name.",
  },
  ECAP_PLUGIN_MISSING_DEPENDENCY: {
    status: 500,
    retryable: false,
    help: "Add the plugin it depends on to `plugins`.",
  },
  ECAP_PLUGIN_CYCLE: {
    status: 500,
    retryable: false,
    help: "Make one of the dependencies optional or move what both need to a third plugin.",
  },
  ECAP_PLUGIN_SDK_RANGE: {
    status: 500,
    retryable: false,
    help: "Install a version of the plugin made for this @ecap/sdk.",
  },
  ECAP_PLUGIN_INVALID: {
    status: 500,
    retryable: false,
    help: "Correct the plugin definition as the message says.",
  },
  ECAP_PLUGIN_OPTIONS: {
    status: 500,
    retryable: false,
    help: "Correct the option the message names.",
  },
  ECAP_PLUGIN_TIMEOUT: {
    status: 500,
    retryable: true,
    help: "Find out what the plugin waits for, or raise its time limit.",
  },
  ECAP_PLUGIN_FAILED: {
    status: 500,
    retryable: true,
    help: "Read the cause; the other plugins go on.",
  },
  ECAP_PORT_MISSING: {
    status: 501,
    retryable: false,
    help: "Add an adapter for the port to `adapters`.",
  },
  ECAP_DEPENDENCY_NOT_INSTALLED: {
    status: 500,
    retryable: false,
    help: "Install the package the message names.",
  },
  ECAP_CONFIG_INVALID: {
    status: 500,
    retryable: false,
    help: "Correct the setting the message names.",
  },
  ECAP_LOCKED: {
    status: 409,
    retryable: true,
    help: "Another process uses this data directory; stop it or use its HTTP API.",
  },
  ECAP_SERVICE_UNKNOWN: {
    status: 500,
    retryable: false,
    help: "Ask for a service of a plugin that is part of this platform.",
  },
  // Events
  ECAP_SCHEMA_UNKNOWN: {
    status: 422,
    retryable: false,
    help: "Register a schema for this event type, or allow unplanned events.",
  },
  ECAP_SCHEMA_INCOMPATIBLE: {
    status: 409,
    retryable: false,
    help: "Keep the change compatible or register it with another compatibility mode.",
  },
  ECAP_EVENT_INVALID: {
    status: 422,
    retryable: false,
    help: "Correct the field the receipt names and send the event again.",
  },
  ECAP_EVENT_MALFORMED: {
    status: 400,
    retryable: false,
    help: "Send a JSON object with a type and an id of a person or device.",
  },
  ECAP_EVENT_TOO_LARGE: {
    status: 413,
    retryable: false,
    help: "Split the event or drop what it need not carry.",
  },
  ECAP_PROPERTY_UNPLANNED: {
    status: 422,
    retryable: false,
    help: "Add the property to the schema or choose another policy for unplanned properties.",
  },
  ECAP_EVENT_FUTURE: { status: 422, retryable: false, help: "Correct the sender's clock." },
  ECAP_BATCH_TOO_LARGE: {
    status: 413,
    retryable: false,
    help: "Send fewer events in one request.",
  },
  ECAP_BODY_UNREADABLE: {
    status: 400,
    retryable: false,
    help: "Send whole UTF-8 JSON, plain or gzipped.",
  },
  ECAP_REDRIVE_LIMIT: {
    status: 409,
    retryable: false,
    help: "Mend what its reason names, then raise the limit for this letter.",
  },
  ECAP_REDRIVE_IMPOSSIBLE: {
    status: 409,
    retryable: false,
    help: "Mend the topology and let it compute its result anew.",
  },
  ECAP_OVERLOADED: { status: 429, retryable: true, help: "Wait as long as Retry-After says." },
  ECAP_LOG_SLOW: {
    status: 503,
    retryable: true,
    help: "Send the same events again as Retry-After says; those that were taken meanwhile count once.",
  },
  // Log and state
  ECAP_TOPIC_UNKNOWN: { status: 404, retryable: false, help: "Create the topic first." },
  ECAP_OFFSET_OUT_OF_RANGE: {
    status: 410,
    retryable: false,
    help: "The records were removed by retention; begin at the earliest offset.",
  },
  ECAP_FENCED: {
    status: 409,
    retryable: false,
    help: "Another processor owns this partition now; stop this one.",
  },
  ECAP_STATE_AHEAD: {
    status: 500,
    retryable: false,
    help: "The log is older than the state; restore both from the same backup.",
  },
  ECAP_STATE_CONFLICT: {
    status: 409,
    retryable: true,
    help: "Read the value again and repeat the change.",
  },
  ECAP_STATE_GROUP: {
    status: 500,
    retryable: false,
    help: "Put the same text in braces into the keys that are written together.",
  },
  ECAP_SERVICE_UNREACHABLE: {
    status: 503,
    retryable: true,
    help: "Start the service the message names, or correct its address.",
  },
  ECAP_SERVICE_DENIED: {
    status: 500,
    retryable: false,
    help: "Give the user of the service the message names the right credentials and permissions.",
  },
  ECAP_STORAGE_FULL: {
    status: 507,
    retryable: true,
    help: "Free disk space; nothing that was acknowledged is lost.",
  },
  ECAP_STORAGE_CORRUPT: {
    status: 500,
    retryable: false,
    help: "Restore the named file from a backup.",
  },
  ECAP_STORAGE_CLOSED: {
    status: 500,
    retryable: false,
    help: "Do not use an adapter after it was closed.",
  },
  // Objects and tables
  ECAP_OBJECT_KEY: {
    status: 400,
    retryable: false,
    help: "Use a relative key of / separated parts without . or .. parts.",
  },
  ECAP_OBJECT_NOT_FOUND: { status: 404, retryable: false, help: "Check the key." },
  ECAP_TABLE_NOT_FOUND: {
    status: 404,
    retryable: false,
    help: "Create the table first, or check its name and version.",
  },
  ECAP_TABLE_EXISTS: {
    status: 409,
    retryable: false,
    help: "Open the table instead of creating it.",
  },
  ECAP_TABLE_SCHEMA: {
    status: 400,
    retryable: false,
    help: "Give rows that fit the table's schema.",
  },
  ECAP_TABLE_CONFLICT: {
    status: 409,
    retryable: true,
    help: "Read the newest version and repeat the operation.",
  },
  ECAP_TABLE_UNSUPPORTED: {
    status: 501,
    retryable: false,
    help: "The table uses a Delta feature this version cannot handle safely.",
  },
  ECAP_TABLE_CORRUPT: {
    status: 500,
    retryable: false,
    help: "Restore the table's log from a backup.",
  },
  ECAP_ERASURE_UNSUPPORTED: {
    status: 501,
    retryable: false,
    help: "Rewrite what the message names without the person, or let its retention remove it.",
  },
  ECAP_QUERY_INVALID: { status: 400, retryable: false, help: "Correct the query." },
  ECAP_QUERY_TIMEOUT: {
    status: 504,
    retryable: true,
    help: "Ask for less, or raise the time limit.",
  },
  ECAP_QUERY_ABORTED: { status: 499, retryable: true, help: "The caller gave up." },
  // Features
  ECAP_FEATURES_UNEQUAL: {
    status: 409,
    retryable: false,
    help: "Find out why the values differ (the examples name events); only a feature set whose online and offline values are equal counts as tested.",
  },
  // Models
  ECAP_MODEL_INVALID: {
    status: 422,
    retryable: false,
    help: "Export the model again; the message names what is wrong with it.",
  },
  ECAP_TRAINING_DATA: {
    status: 422,
    retryable: false,
    help: "Correct the rows or the specification as the message says: numbers without infinity, labels of 0 and 1, both classes.",
  },
  ECAP_MODEL_INPUT: {
    status: 422,
    retryable: false,
    help: "Give every feature of the model's contract as a finite number.",
  },
  ECAP_MODEL_NOT_FOUND: { status: 404, retryable: false, help: "Register the model first." },
  // Fraud rules
  ECAP_RULES_INVALID: {
    status: 422,
    retryable: false,
    help: "Correct the rule at the place the message names.",
  },
  // Access and requests
  ECAP_UNAUTHENTICATED: {
    status: 401,
    retryable: false,
    help: "Sign in, or send a valid API key.",
  },
  ECAP_FORBIDDEN: {
    status: 403,
    retryable: false,
    help: "Ask an administrator for a role that may do this.",
  },
  ECAP_NOT_FOUND: { status: 404, retryable: false, help: "Check the address." },
  ECAP_REQUEST_INVALID: {
    status: 400,
    retryable: false,
    help: "Correct the parameter the message names.",
  },
  ECAP_CONFLICT: {
    status: 409,
    retryable: false,
    help: "Read the present state and decide again.",
  },
  ECAP_RATE_LIMITED: { status: 429, retryable: true, help: "Wait as long as Retry-After says." },
  ECAP_INTERNAL: { status: 500, retryable: true, help: "Report it with the request id." },
  // Import
  ECAP_MAPPING_INVALID: {
    status: 400,
    retryable: false,
    help: "Correct the mapping file at the place the message names.",
  },
  ECAP_FILE_UNREADABLE: {
    status: 400,
    retryable: false,
    help: "Give a whole CSV, NDJSON or Parquet file, plain or gzipped.",
  },
} as const satisfies Record<string, { status: number; retryable: boolean; help: string }>;

export type ErrorCode = keyof typeof errorTable;
