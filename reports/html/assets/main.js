// Begin: each section, the links from the cards, the buttons that copy, and light or dark.
leaderboard();
const chosen = explorer();
gallery(chosen);
if (chosen) chosen.start();

document.querySelectorAll("a[data-place]").forEach((link) =>
  link.addEventListener("click", () => chosen && chosen.pick(link.dataset.place, link.dataset.letter)),
);
document.querySelectorAll("[data-copy]").forEach((button) =>
  button.addEventListener("click", async () => {
    await copy(button.dataset.copy);
    button.textContent = "Copied";
  }),
);
byId("theme").addEventListener("click", () => {
  const { dataset } = document.documentElement;
  const isDark = dataset.theme ? dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  dataset.theme = isDark ? "light" : "dark";
});
// On paper everything is open.
addEventListener("beforeprint", () => document.querySelectorAll("main details:not(.menu)").forEach((each) => (each.open = true)));
