"use strict";
(() => {
  const id = (name) => document.getElementById(name);
  const all = (selector) => [...document.querySelectorAll(selector)];
  // "muller" finds "Müller".
  const folded = (text) => text.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase();
  // What the plan says is searched, and how a group fares; not the page's own words, or "script" would find
  // every description.
  const told = "bdi, dd, .act, .badge.stop";
  const words = (element) => [...element.querySelectorAll(told)].map((one) => one.textContent).join(" ");
  const searched = (element) => ({ element, text: folded(words(element)) });

  const box = id("filter");
  const found = all("[data-find]").map(searched);
  const people = all("[data-hit]").map(searched);
  const sections = all("[data-section]");
  const cards = all("article.card > details");

  const counted = (kind, one, many) => {
    const these = found.filter(({ element }) => element.dataset.find === kind);
    if (!these.length) return "";
    const seen = these.filter(({ element }) => !element.classList.contains("off")).length;
    const what = these.length === 1 ? one : many;
    return seen === these.length ? `${seen} ${what}` : `${seen} of ${these.length} ${what}`;
  };

  const filter = () => {
    const wanted = folded(box.value).split(/\s+/).filter(Boolean);
    for (const { element, text } of found) {
      element.classList.toggle("off", !wanted.every((word) => text.includes(word)));
    }
    for (const { element, text } of people) {
      element.classList.toggle("hit", wanted.some((word) => text.includes(word)));
    }
    for (const section of sections) {
      section.classList.toggle("off", !section.querySelector("[data-find]:not(.off)"));
    }
    id("nothing").hidden = sections.some((section) => !section.classList.contains("off"));
    id("matches").textContent = [counted("group", "group", "groups"), counted("person", "person", "people")]
      .filter(Boolean)
      .join(", ");
  };

  const fold = (closed) => {
    for (const card of cards) card.open = !closed;
    id("fold").setAttribute("aria-pressed", String(closed));
  };

  box.addEventListener("input", filter);
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    box.value = "";
    filter();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target === box) return;
    event.preventDefault();
    box.focus();
  });
  id("tools").addEventListener("submit", (event) => event.preventDefault());
  id("fold").addEventListener("click", () => fold(id("fold").getAttribute("aria-pressed") !== "true"));

  // A link to a card that the filter hides, or that is closed, shows it.
  addEventListener("hashchange", () => {
    const card = id(location.hash.slice(1));
    if (!card) return;
    if (card.classList.contains("off")) {
      box.value = "";
      filter();
    }
    for (const details of card.querySelectorAll("details")) details.open = true;
    card.scrollIntoView();
  });

  // On paper everything is open.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });

  if (!cards.length) id("fold").hidden = true;
  // What is long stays closed until somebody asks for it; without script it is open.
  for (const details of all("details.more")) details.open = false;
  id("tools").hidden = false;
  filter();
})();
