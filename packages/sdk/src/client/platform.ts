/** The part of the Web Storage API that keeps events over a reload; localStorage is one. */
export interface KeyValueStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** What a browser has and Node lacks, as far as the tracker looks at it. */
interface BrowserGlobals {
  readonly fetch: typeof fetch;
  readonly localStorage?: KeyValueStorage;
  readonly document?: {
    readonly title: string;
    readonly referrer: string;
    readonly visibilityState: string;
    addEventListener(type: string, listener: () => void): void;
  };
  readonly location?: { readonly href: string; readonly pathname: string; readonly search: string };
  readonly navigator?: {
    readonly userAgent?: string;
    readonly language?: string;
    sendBeacon?(url: string, body: string): boolean;
  };
  addEventListener?(type: string, listener: () => void): void;
}

export function browserGlobals(): BrowserGlobals {
  return globalThis;
}

/** localStorage, or undefined where there is none or a policy forbids it. */
export function browserStorage(): KeyValueStorage | undefined {
  try {
    return browserGlobals().document === undefined ? undefined : browserGlobals().localStorage;
  } catch {
    return undefined;
  }
}

/** The page an event happened on; undefined in Node. */
export function pageContext(): Readonly<Record<string, unknown>> | undefined {
  const { document, location, navigator } = browserGlobals();
  return (
    document && {
      page: {
        url: location?.href,
        path: location?.pathname,
        title: document.title,
        referrer: document.referrer,
      },
      userAgent: navigator?.userAgent,
      locale: navigator?.language,
    }
  );
}

let lastTime = 0;

/** A UUID version 7; ids made in one process ascend. */
export function messageId(now: number): string {
  lastTime = Math.max(now, lastTime + 1);
  const time = lastTime.toString(16).padStart(12, "0");
  const random = crypto.getRandomValues(new Uint8Array(10));
  const rest = Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return `${time.slice(0, 8)}-${time.slice(8)}-7${rest.slice(0, 3)}-b${rest.slice(3, 6)}-${rest.slice(6, 18)}`;
}
