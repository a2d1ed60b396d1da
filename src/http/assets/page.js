"use strict";
// What pages do beyond HTML: parts that stay up to date, the reader's own time, and buttons that copy or share a link.
// Everything works without this script.

const MIN_POLL_MS = 2000;
const MAX_POLL_MS = 30000;
const POLLS_BEFORE_STREAM = 10;

// Shows the time of an event in the zone of the reader if it differs from that of the event.
function showOwnTimes() {
  for (const line of document.querySelectorAll(".yours")) line.remove();
  for (const time of document.querySelectorAll("time[data-yours]")) {
    const at = new Date(time.dateTime);
    const parts = Object.fromEntries(
      new Intl.DateTimeFormat("en-CA", { dateStyle: "short", timeStyle: "short", hour12: false })
        .formatToParts(at).map(({ type, value }) => [type, value]));
    const own = `${parts.year}-${parts.month}-${parts.day}T${parts.hour}:${parts.minute}`;
    if (own === time.dataset.local) continue;
    const text = at.toLocaleString(document.documentElement.lang, { weekday: "short", day: "numeric", month: "short", hour: "numeric", minute: "numeric" });
    const line = document.createElement("span");
    line.className = "hint yours";
    line.textContent = time.dataset.yours.replace("%s", text);
    time.after(line);
  }
}

// The HTML of each live part as the server sent it.
const shown = new Map([...document.querySelectorAll("[data-live][id]")].map((part) => [part.id, part.innerHTML]));

function texts(part) {
  return new Set([...part.querySelectorAll("li")].map((item) => item.textContent));
}

// The forms outside the live parts. If they differ, people can do something else than before.
function forms(page) {
  const all = [...page.querySelectorAll("main form")].filter((form) => !form.closest("main [data-live]"));
  return all.map((form) => `${form.id} ${form.querySelector("button")?.value}`).join();
}

function isTyping() {
  const fields = [...document.querySelectorAll("main input, main textarea")];
  return fields.some((field) => field.type !== "checkbox" && field.value !== field.defaultValue);
}

// Replaces the live parts that differ, except where somebody is typing or reads a question. Says whether it has replaced all.
function showPage(page) {
  if (forms(page) !== forms(document)) {
    if (isTyping()) return false;
    location.reload();
    return true;
  }
  let isComplete = true;
  for (const [id, before] of shown) {
    const part = document.getElementById(id);
    const next = page.getElementById(id);
    if (!part || !next || next.innerHTML === before) continue;
    if (part.contains(document.activeElement) || part.querySelector("details[open]")) {
      isComplete = false;
      continue;
    }
    const known = texts(part);
    part.innerHTML = next.innerHTML;
    shown.set(id, part.innerHTML);
    for (const item of part.querySelectorAll("li")) item.classList.toggle("new", !known.has(item.textContent));
  }
  showOwnTimes();
  return isComplete;
}

// The tag of the page as it is shown.
let tag = document.body.dataset.live;
let pause = MIN_POLL_MS;
let timer;
let stream;
// Increased when the page is hidden or shown, which ends the loops that began before.
let loop = 0;
let last = Promise.resolve();

// Asks for the page after earlier questions were answered, and shows what has changed. Says whether it shows everything.
function update() {
  last = last.then(ask);
  return last;
}

async function ask() {
  try {
    const headers = { Accept: "text/html", "If-None-Match": `W/"${tag}"` };
    const answer = await fetch(location.href, { headers, cache: "no-store" });
    // There is no such page any more. The server says why.
    if (answer.status === 404 || answer.status === 410) location.reload();
    if (answer.status === 304) return true;
    if (answer.status !== 200) return false;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!showPage(page)) return false;
    tag = page.body.dataset.live;
    pause = MIN_POLL_MS;
    return true;
  } catch {
    // The server cannot be reached at the moment.
    return false;
  }
}

function again(task, mine) {
  if (mine !== loop) return;
  clearTimeout(timer);
  timer = setTimeout(() => task(mine), pause);
  pause = Math.min(pause * 1.5, MAX_POLL_MS);
}

// Asks for the page from time to time, more and more rarely while it does not change. After a while, the server may have room to
// tell of changes again.
async function poll(mine, number = 1) {
  await update();
  if (number % POLLS_BEFORE_STREAM === 0 && mine === loop) listen(mine);
  else again(() => poll(mine, number + 1), mine);
}

// Asks for the page until it shows everything.
async function catchUp(mine) {
  if (!(await update())) again(catchUp, mine);
}

// The server tells when the page has changed. If it does not, it is asked from time to time.
function listen(mine) {
  const opened = new EventSource(location.href);
  stream = opened;
  opened.addEventListener("message", ({ data }) => {
    if (data !== tag) catchUp(mine);
  });
  opened.addEventListener("error", () => {
    if (opened.readyState === EventSource.CLOSED) again(poll, mine);
  });
}

// Nothing happens while the page is hidden.
function keepUpToDate() {
  loop += 1;
  clearTimeout(timer);
  stream?.close();
  pause = MIN_POLL_MS;
  if (!document.hidden) listen(loop);
}

// Buttons that need a script are hidden until it runs.
function showButtons() {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = button.dataset.done;
    });
  }
  for (const button of document.querySelectorAll("button[data-share]")) {
    button.hidden = !navigator.share;
    button.addEventListener("click", () => navigator.share({ title: document.title, url: button.dataset.share }).catch(() => {}));
  }
  for (const button of document.querySelectorAll("button[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}

// A new event is probably where its host is.
function presetZone() {
  const select = document.querySelector("select[data-preset-zone]");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  const option = select && [...select.options].find(({ value }) => value === zone);
  if (option) option.selected = true;
}

// What was just done is said once, not again after a reload or from a bookmark. A cookie keeps the language.
function forgetWhatWasDone() {
  const url = new URL(location.href);
  for (const name of ["done", "saved", "repeat", "again", "lang"]) url.searchParams.delete(name);
  if (url.href !== location.href) history.replaceState(null, "", url);
}

// Back and reload lead to the page whose form was refused, not to its answer.
if (document.body.dataset.path) history.replaceState(null, "", document.body.dataset.path);

forgetWhatWasDone();
showOwnTimes();
showButtons();
presetZone();
if (document.body.hasAttribute("data-live")) {
  document.addEventListener("visibilitychange", keepUpToDate);
  keepUpToDate();
}
