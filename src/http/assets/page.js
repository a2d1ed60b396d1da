"use strict";
// What pages do beyond HTML: parts that stay up to date, the reader's own time, and buttons that copy or share a link.
// Everything works without this script.

const MIN_POLL_MS = 2000;
const MAX_POLL_MS = 30000;

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

// Replaces the live parts that differ, except where somebody is typing or reads a question. Says whether it has replaced all.
function showPage(page) {
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

// Asks for the page, and shows what has changed. Says whether it shows everything.
async function update() {
  clearTimeout(timer);
  try {
    const headers = { Accept: "text/html", "If-None-Match": `W/"${tag}"` };
    const answer = await fetch(location.href, { headers, cache: "no-store" });
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

function again(task) {
  timer = setTimeout(task, pause);
  pause = Math.min(pause * 1.5, MAX_POLL_MS);
}

// Asks for the page from time to time, more and more rarely while it does not change.
async function poll() {
  await update();
  if (!document.hidden) again(poll);
}

// Asks for the page until it shows everything.
async function catchUp() {
  if (!(await update()) && !document.hidden) again(catchUp);
}

// The server tells when the page has changed. If it does not, it is asked from time to time.
function listen() {
  stream = new EventSource(location.href);
  stream.addEventListener("message", ({ data }) => {
    if (data !== tag) catchUp();
  });
  stream.addEventListener("error", () => {
    if (stream.readyState === EventSource.CLOSED) again(poll);
  });
}

// Nothing happens while the page is hidden.
function keepUpToDate() {
  clearTimeout(timer);
  stream?.close();
  pause = MIN_POLL_MS;
  if (!document.hidden) listen();
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

// What was just done is said once, not again after a reload or from a bookmark.
function forgetWhatWasDone() {
  const url = new URL(location.href);
  for (const name of ["done", "saved", "repeat"]) url.searchParams.delete(name);
  if (url.href !== location.href) history.replaceState(null, "", url);
}

forgetWhatWasDone();
showOwnTimes();
showButtons();
presetZone();
if (document.body.hasAttribute("data-live")) {
  document.addEventListener("visibilitychange", keepUpToDate);
  keepUpToDate();
}
