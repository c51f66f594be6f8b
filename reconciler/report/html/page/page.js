"use strict";
(() => {
  const id = (name) => document.getElementById(name);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const on = (element, event, act) => element?.addEventListener(event, act);
  // "muller" finds "Müller".
  const folded = (text) => text.normalize("NFKD").replace(/\p{M}+/gu, "").toLowerCase();
  const words = (elements) => folded(elements.map((one) => one.textContent).join(" "));

  // A person is found by name, alias and number wherever they stand, a group by name and key, a card by all of it; not
  // by the page's own words, or "script" would find every description.
  const people = new Map();
  for (const row of all("[data-person]")) people.set(row.dataset.person, words(all(".who bdi", row)));
  const groups = new Map();
  for (const group of all("article[id], li[id]")) {
    groups.set(`#${group.id}`, words(all("h3 bdi, :scope > bdi, code bdi", group)));
  }
  const members = all("[data-of], .shared .same li").map((element) => ({
    element,
    group: groups.get(`#${element.closest("article").id}`) ?? "",
    text: people.get(element.dataset.of) ?? groups.get(`#${element.id}`) ?? "",
  }));
  const found = all("[data-find]").map((element) => ({
    element,
    kind: element.dataset.find,
    text: [
      element.dataset.person ? people.get(element.dataset.person) : words(all("bdi, dd, .act, .badge.stop", element)),
      ...all(".chip", element).map((chip) => groups.get(chip.hash) ?? ""),
      ...all("[data-of]", element).map((one) => people.get(one.dataset.of) ?? ""),
    ].join(" "),
  }));
  const removes = ({ element, kind }) =>
    kind === "person" ? Boolean(element.closest(".leaves")) : Boolean(element.querySelector(".badge.remove, .moves.remove"));

  const MAX_OPENED = 5;
  const box = id("filter");
  const onlyRemovals = id("removals");
  const pressed = () => onlyRemovals?.getAttribute("aria-pressed") === "true";
  const cards = all("article.card > details");

  const counted = (kinds, one, many) => {
    const these = found.filter(({ kind }) => kinds.includes(kind));
    const seen = these.filter(({ element }) => !element.classList.contains("off"));
    // A person may have several rows, a shared change stands for several groups.
    const number = (some) => {
      const single = new Map(some.map(({ element }) => [element.dataset.person ?? element, element.dataset.groups]));
      return [...single.values()].reduce((sum, groups) => sum + Number(groups ?? 1), 0);
    };
    if (!these.length) return "";
    const what = number(these) === 1 ? one : many;
    return seen.length === these.length ? `${number(these)} ${what}` : `${number(seen)} of ${number(these)} ${what}`;
  };

  const filter = () => {
    const wanted = folded(box?.value ?? "").split(/\s+/).filter(Boolean);
    const isFiltered = wanted.length > 0 || pressed();
    for (const one of found) {
      const fits = wanted.every((word) => one.text.includes(word)) && (!pressed() || removes(one));
      one.element.classList.toggle("off", !fits);
    }
    // A word that is in the group's name is not looked for in its people.
    for (const { element, group, text } of members) {
      const left = wanted.filter((word) => !group.includes(word));
      element.classList.toggle("hit", left.length > 0 && left.every((word) => text.includes(word)));
    }
    for (const list of all(".both")) list.classList.toggle("searched", Boolean(list.querySelector(".hit")));
    document.body.classList.toggle("removals-only", pressed());
    for (const section of all("[data-section]")) {
      section.classList.toggle("off", isFiltered && !section.querySelector("[data-find]:not(.off)"));
    }
    // What is folded opens where somebody found something in it.
    for (const details of all(".shared details")) if (details.querySelector(".hit")) details.open = true;
    const left = cards.filter((card) => !card.closest(".off"));
    if (wanted.length && left.length <= MAX_OPENED) for (const card of left) card.open = true;
    for (const rest of all(".rest")) {
      rest.classList.toggle("off", !rest.querySelector("[data-find]:not(.off)"));
      if (isFiltered) rest.open = true;
    }
    if (!box) return;
    id("nothing").hidden = !isFiltered || found.some(({ element }) => !element.classList.contains("off"));
    id("matches").textContent = isFiltered
      ? [counted(["person"], "person", "people"), counted(["group", "shared", "unchanged"], "group", "groups")]
          .filter(Boolean)
          .join(", ")
      : "";
  };

  const press = (yes) => onlyRemovals?.setAttribute("aria-pressed", String(yes));
  const label = () => {
    if (id("fold")) id("fold").textContent = cards.every((card) => card.open) ? "Close all" : "Open all";
  };

  const asSent = all("article", id("groups")?.closest("section") ?? document);
  const orders = {
    removals: (a, b) => b.dataset.removals - a.dataset.removals,
    name: (a, b) => groups.get(`#${a.id}`).localeCompare(groups.get(`#${b.id}`)),
  };
  const sort = () => {
    if (!id("sort")) return;
    const order = orders[id("sort").value];
    for (const card of order ? asSent.toSorted(order) : asSent) card.parentElement.append(card);
  };

  // The filter is in the address, so that it can be sent to somebody else.
  const remember = () => {
    const state = new URLSearchParams();
    if (box?.value) state.set("q", box.value);
    if (pressed()) state.set("only", "removals");
    if (id("sort")?.value) state.set("sort", id("sort").value);
    history.replaceState(null, "", String(state) ? `#${state}` : location.pathname + location.search);
  };
  const changed = () => {
    filter();
    sort();
    remember();
  };
  const clear = () => {
    if (box) box.value = "";
    press(false);
  };

  // A link to a filter sets it; a link to a card that the filter hides, or that is closed, shows it.
  const follow = () => {
    const place = decodeURIComponent(location.hash.slice(1));
    if (place.includes("=")) {
      const state = new URLSearchParams(place);
      if (box) box.value = state.get("q") ?? "";
      press(state.get("only") === "removals");
      if (id("sort")) id("sort").value = state.get("sort") === null ? "" : state.get("sort");
      filter();
      sort();
      return;
    }
    const target = place && id(place);
    if (!target) return;
    if (target.closest(".off")) {
      clear();
      filter();
    }
    for (const details of all("article > details", target.parentElement)) {
      if (target.contains(details)) details.open = true;
    }
    for (let at = target.closest("details"); at; at = at.parentElement.closest("details")) at.open = true;
    target.scrollIntoView();
  };

  const copied = async (button) => {
    const lines = all("[data-person]:not(.off)", button.closest("section")).map((row) => {
      const alias = row.querySelector(".alias")?.textContent;
      const chips = all(".chip bdi", row).map((chip) => chip.textContent);
      return row.querySelector(".name").textContent + (alias ? ` (${alias})` : "") + (chips.length ? `: ${chips.join(", ")}` : "");
    });
    const text = lines.join("\n");
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      button.textContent = "Copying is not allowed here";
    }
  };

  on(box, "input", changed);
  on(box, "keydown", (event) => {
    if (event.key !== "Escape") return;
    box.value = "";
    changed();
  });
  on(document, "keydown", (event) => {
    if (!box || event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target === box) return;
    event.preventDefault();
    box.focus();
  });
  on(id("tools"), "submit", (event) => event.preventDefault());
  on(onlyRemovals, "click", () => {
    press(!pressed());
    changed();
  });
  on(id("sort"), "change", changed);
  on(id("fold"), "click", () => {
    const open = cards.some((card) => !card.open);
    for (const card of cards) card.open = open;
    label();
  });
  for (const card of cards) on(card, "toggle", label);
  for (const button of all(".copy")) on(button, "click", () => copied(button));
  addEventListener("hashchange", follow);

  // On paper everything is open.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });

  for (const control of all("#tools, #fold, .sort, .copy")) control.hidden = false;
  if (onlyRemovals) onlyRemovals.hidden = !found.some(removes);
  label();
  filter();
  follow();
})();
