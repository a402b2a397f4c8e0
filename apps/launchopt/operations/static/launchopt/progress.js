// Moves the progress bars of runs that are open, by asking the admin every two seconds.
"use strict";
(function () {
  const EVERY = 2000;
  async function refresh(bar) {
    let state;
    try {
      const answer = await fetch(bar.dataset.progressUrl, { credentials: "same-origin" });
      if (!answer.ok) return;
      state = await answer.json();
    } catch (error) {
      return; // the next tick tries again
    }
    bar.value = state.percent;
    bar.textContent = state.percent + " %";
    const words = bar.parentElement.querySelector("[data-progress-words]");
    if (words) words.textContent = state.words;
    if (!state.is_open) {
      bar.removeAttribute("data-progress-url");
      if (bar.hasAttribute("data-reload")) window.location.reload();
    }
  }
  setInterval(function () {
    document.querySelectorAll("progress[data-progress-url]").forEach(refresh);
  }, EVERY);
})();
