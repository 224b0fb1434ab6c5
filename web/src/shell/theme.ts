/** Dark or light: as the system has it, until somebody chooses. */

export type Theme = "system" | "light" | "dark";

const KEY = "hypernode.theme";
const THEMES: readonly Theme[] = ["system", "light", "dark"];

export function chosenTheme(): Theme {
  const kept = localStorage.getItem(KEY);
  return THEMES.find((theme) => theme === kept) ?? "system";
}

export function nextTheme(theme: Theme): Theme {
  return THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
}

export function applyTheme(theme: Theme): void {
  const root = document.documentElement;
  if (theme === "system") {
    delete root.dataset["theme"];
    localStorage.removeItem(KEY);
  } else {
    root.dataset["theme"] = theme;
    localStorage.setItem(KEY, theme);
  }
}
