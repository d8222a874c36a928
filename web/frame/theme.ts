const key = 'andon-theme';
const themes = ['system', 'light', 'dark'] as const;

/** The colours of the page: those of the system, or the ones that were chosen in this browser. */
export type Theme = (typeof themes)[number];
export { themes };

/** The chosen theme; the one of the system where nothing was chosen or nothing is stored. */
export function chosenTheme(): Theme {
  try {
    const stored = localStorage.getItem(key);
    return themes.find((one) => one === stored) ?? 'system';
  } catch {
    return 'system';
  }
}

/** Shows the page in a theme. */
export function showTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

/** Shows the page in a theme, now and when it is opened again. */
export function chooseTheme(theme: Theme): void {
  showTheme(theme);
  try {
    localStorage.setItem(key, theme);
  } catch {
    // A browser that stores nothing shows the theme until its tab is closed.
  }
}
