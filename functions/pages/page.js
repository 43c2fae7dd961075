// Two comforts. Everything works without this script.

// The browser's time zone in the form, unless one was chosen already (the select then has data-chosen).
const select = document.querySelector("select[name=zone]:not([data-chosen])");
if (select) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some((option) => option.value === zone)) {
    select.value = zone;
  }
}

// "Leave this page", by its link or by Esc three times in a row: the page is emptied at once, since the other one may
// take a moment to load, and its place in the history is given to the other one.
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
