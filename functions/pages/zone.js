// Fills the browser's time zone into the form, unless one was chosen already (the select then has data-chosen).
// Everything works without this script: the select then starts at "Choose your time zone".
const select = document.querySelector("select[name=zone]:not([data-chosen])");
if (select) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ([...select.options].some((option) => option.value === zone)) {
    select.value = zone;
  }
}
