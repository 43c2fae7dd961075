// Comfort only: the clock goes on, new mail is announced, and a mail is shown in its full height.
// Every page works without this.
"use strict";

const seen = Number(document.body.dataset.mails);

async function pulse() {
  try {
    const news = await (await fetch("/_local/pulse", { cache: "no-store" })).json();
    document.getElementById("now").textContent = news.now;
    document.getElementById("fresh").hidden = news.mails <= seen;
  } catch {
    // the server has ended; the page stays as it is
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
