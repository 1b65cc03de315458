const menuButton = () => document.querySelector('[data-action="menu"]');

export function closeMenu() {
  menuButton()?.setAttribute("aria-expanded", "false");
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || menuButton()?.getAttribute("aria-expanded") !== "true") return;
  closeMenu();
  menuButton().focus();
});
