// Keeps the page of a drill in progress up to date: writes text into places that the server has made, and no markup.
"use strict";
(() => {
  const place = (id) => document.getElementById(id);
  const whole = (value) => (value === null ? "–" : Math.round(value).toLocaleString("en-US"));
  const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  let news = "";

  // read out by screen readers, so it changes only when something has happened
  const tell = (text) => { if (text !== news) { news = text; put(place("news"), text); } };

  const row = (name) => {
    const made = document.createElement("tr");
    const head = document.createElement("th");
    const cell = document.createElement("td");
    const bar = document.createElement("progress");
    head.scope = "row";
    head.textContent = name;
    bar.max = 100;
    bar.setAttribute("aria-label", name);
    cell.append(bar, " ", document.createElement("span"));
    made.append(head, cell);
    return made;
  };

  const list = (parent, texts) => {
    while (parent.children.length > texts.length) parent.lastElementChild.remove();
    while (parent.children.length < texts.length) parent.append(document.createElement("li"));
    texts.forEach((text, number) => put(parent.children[number], text));
  };

  const show = (scene) => {
    for (const element of document.querySelectorAll("[data-figure]")) {
      const name = element.dataset.figure;
      const value = name === "since" ? scene.since_fault_s : scene.figures[name];
      const unit = name === "since" ? "s" : element.dataset.unit;
      put(element, whole(value) + (value !== null && unit ? " " + unit : ""));
    }
    for (const item of place("phases").children) {
      if (item.dataset.phase === scene.phase) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    }
    const table = place("moved");
    const names = Object.keys(scene.moved);
    if ([...table.children].map((each) => each.firstElementChild.textContent).join() !== names.join()) {
      table.replaceChildren(...names.map(row));
    }
    names.forEach((name, number) => {
      const percent = Math.round(100 * scene.moved[name]);
      const cell = table.children[number].lastElementChild;
      cell.querySelector("progress").value = percent;
      put(cell.querySelector("span"), percent + " %");
    });
    put(place("steps"), scene.steps.join(" → ") || "no step has ended yet");
    list(place("notes"), scene.notes);
    put(place("silent"), "Last sign of life " + whole(scene.silent_s) + " s ago.");
    const last = scene.steps.length ? ` Takeover: ${scene.steps[scene.steps.length - 1]}.` : "";
    const noted = scene.notes.length ? ` ${scene.notes[scene.notes.length - 1]}.` : "";
    tell(`${scene.stop_ordered ? "Stop is ordered. " : ""}Phase: ${scene.phase}.${last}${noted}`);
  };

  const events = new EventSource("/live/events?run=" + encodeURIComponent(place("drill").dataset.run));
  events.addEventListener("scene", (event) => show(JSON.parse(event.data)));
  events.addEventListener("end", (event) => {
    events.close();
    place("stop").hidden = true;
    place("ended").hidden = false;
    tell("Ended: " + JSON.parse(event.data).why + ".");
  });
  events.addEventListener("error", () => {
    tell(events.readyState === EventSource.CLOSED ? "The results browser no longer answers." : "The connection is lost; trying again.");
  });
})();
