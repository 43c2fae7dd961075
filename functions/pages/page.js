// Two conveniences. Everything works without this script.

// Selects the browser's time zone in the form, unless a zone was chosen already (the select then has data-chosen).
const select = document.querySelector("select[name=zone]:not([data-chosen])");
if (select) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some((option) => option.value === zone)) {
    select.value = zone;
  }
}

// "Leave this page", by its link or by Esc three times in a row. The page is hidden at once, since the other page may
// take a moment to load. The other page replaces this one in the browser's history.
const exit = document.querySelector("a.exit");
if (exit) {
  const leave = () => {
    document.body.hidden = true;
    document.title = " ";
    (window.top ?? window).location.replace(exit.href);
  };
  exit.addEventListener("click", (event) => {
    event.preventDefault();
    leave();
  });
  let pressed = 0;
  document.addEventListener("keydown", (event) => {
    if (event.repeat) return;
    pressed = event.key === "Escape" ? pressed + 1 : 0;
    if (pressed === 3) leave();
  });
  for (const element of document.querySelectorAll("[data-with-script]")) {
    element.hidden = false;
  }
}
