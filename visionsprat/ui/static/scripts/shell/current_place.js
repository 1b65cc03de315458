// Which page one is on, and which part of it, marked among the links.

/** Mark the link to this page: the path is the same HTML on every page, which spares drawing it anew. */
export function markPlace() {
  for (const link of document.querySelectorAll("nav.side a[href]")) {
    const here = link.pathname === location.pathname && !link.closest(".brand");
    if (here && !link.hasAttribute("aria-current")) link.setAttribute("aria-current", "page");
    if (!here && link.hasAttribute("aria-current")) link.removeAttribute("aria-current");
  }
  const themes = [...document.querySelectorAll("nav.side .path .accent a")];
  const number = themes.findIndex((link) => link.pathname === location.pathname) + 1;
  const bar = document.querySelector("nav.side .bar p");
  const said = bar && (number ? `Tema ${number} av ${themes.length} · ${bar.dataset.complete}` : bar.dataset.all);
  if (bar && bar.textContent !== said) bar.textContent = said;
}

/** Mark the link to this part of a page likewise. */
export function markPart() {
  for (const nav of document.querySelectorAll("nav.parts")) {
    const value = (search) => new URLSearchParams(search).get(nav.dataset.param);
    const links = [...nav.querySelectorAll("a")];
    const here = links.find((link) => value(link.search) === value(location.search)) ?? links[0];
    for (const link of links) {
      if (link === here && !link.hasAttribute("aria-current")) link.setAttribute("aria-current", "page");
      if (link !== here && link.hasAttribute("aria-current")) link.removeAttribute("aria-current");
    }
  }
}
