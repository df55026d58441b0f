export const themes = ["light", "dark"] as const;
export type Theme = (typeof themes)[number];

const storageKey = "ecap-theme";
const systemIsDark = window.matchMedia("(prefers-color-scheme: dark)");
const listeners = new Set<() => void>();

/** The theme shown: the one chosen here before, else the system's. */
export function currentTheme(): Theme {
  return chosenTheme() ?? (systemIsDark.matches ? "dark" : "light");
}

/** Shows and remembers a theme; choosing what the system has follows the system again. */
export function chooseTheme(theme: Theme): void {
  if (theme === (systemIsDark.matches ? "dark" : "light")) localStorage.removeItem(storageKey);
  else localStorage.setItem(storageKey, theme);
  applyTheme();
  for (const listener of listeners) listener();
}

/** Writes the choice on the document; the style sheet does the rest. */
export function applyTheme(): void {
  const chosen = chosenTheme();
  if (chosen === undefined) delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = chosen;
}

export function subscribeTheme(onChange: () => void): () => void {
  listeners.add(onChange);
  systemIsDark.addEventListener("change", onChange);
  return () => {
    listeners.delete(onChange);
    systemIsDark.removeEventListener("change", onChange);
  };
}

function chosenTheme(): Theme | undefined {
  return themes.find((theme) => theme === localStorage.getItem(storageKey));
}
