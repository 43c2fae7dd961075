// Convenience only: updates the clock, announces new emails, and shows an email in its full height.
// Every page works without this script.
"use strict";

const seen = Number(document.body.dataset.mails);

async function pulse() {
  try {
    const news = await (await fetch("/_local/pulse", { cache: "no-store" })).json();
    document.getElementById("now").textContent = news.now;
    document.getElementById("fresh").hidden = news.mails <= seen;
  } catch {
    // the server has stopped; the page stays as it is
  }
}
setInterval(pulse, 5000);

for (const frame of document.querySelectorAll("iframe.body")) {
  const fit = () => {
    const page = frame.contentDocument?.documentElement;
    if (page) frame.style.height = `${page.scrollHeight + 2}px`;
  };
  frame.addEventListener("load", fit);
  addEventListener("resize", fit);
  fit();
}
