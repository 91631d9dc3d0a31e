// SPDX-License-Identifier: MIT
// Keeps the composer above an on-screen keyboard. Where the browser shrinks
// the page for the keyboard (interactive-widget in index.html) `dvh` does it
// all; Safari on phones lays the keyboard over the page and shifts it, and
// tells only through visualViewport what is left to be seen.

const root = document.documentElement;
const view = window.visualViewport;

function fit() {
  // Zoomed in by fingers the visual viewport is a part of the page that the
  // reader chose: the layout stays.
  if (!view || Math.abs(view.scale - 1) > 0.01)
    return;
  // Whole page in view: `dvh` knows best, also while bars slide.
  const covered = innerHeight - view.height > 1;
  if (covered) {
    root.style.setProperty('--height', `${view.height}px`);
    root.style.setProperty('--top', `${view.offsetTop}px`);
  } else {
    root.style.removeProperty('--height');
    root.style.removeProperty('--top');
  }
  // The keyboard stands where the home bar was.
  root.classList.toggle('covered', covered);
}

view?.addEventListener('resize', fit);
view?.addEventListener('scroll', fit);
fit();
