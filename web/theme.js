// SPDX-License-Identifier: MIT
// Light or dark: as the system says, unless the reader chose otherwise with
// the header's switch. A classic script in the head, not a module: it runs
// before the first paint, so that a remembered choice doesn't flash.

(() => {
  const KEY = 'chatd.theme';
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');

  /** @returns {string | null} the remembered choice */
  function recall() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  }

  /** @param {string | null} choice */
  function remember(choice) {
    try {
      if (choice === null)
        localStorage.removeItem(KEY);
      else
        localStorage.setItem(KEY, choice);
    } catch {
      // Refused: the choice lives as long as the page.
    }
  }

  /** @param {string | null} choice */
  function apply(choice) {
    if (choice === 'light' || choice === 'dark')
      root.dataset.theme = choice;
    else
      delete root.dataset.theme;
    show();
  }

  function dark() {
    return (root.dataset.theme ?? (system.matches ? 'dark' : 'light')) === 'dark';
  }

  /** Tells the switch, and the browser's own bars, what is to be seen. */
  function show() {
    document.getElementById('theme')?.setAttribute('aria-pressed', String(dark()));
    document.querySelector('meta[name=theme-color]')
      ?.setAttribute('content', getComputedStyle(root).backgroundColor);
  }

  function toggle() {
    const wanted = dark() ? 'light' : 'dark';
    // Back at what the system says there is nothing to remember, and the
    // page follows the system again.
    const choice = (wanted === 'dark') === system.matches ? null : wanted;
    apply(choice);
    remember(choice);
  }

  apply(recall());
  system.addEventListener('change', show);
  addEventListener('storage', (event) => {
    if (event.key === KEY)
      apply(event.newValue);
  });
  document.addEventListener('DOMContentLoaded', () => {
    document.getElementById('theme')?.addEventListener('click', toggle);
    show();
  });
})();
