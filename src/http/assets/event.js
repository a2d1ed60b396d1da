"use strict";
// Makes the event page live: it signs up without leaving the page, and updates the roster when people join or leave.
// Without this script the form posts as usual and redirects to the manage page.

const POLL_INTERVAL_MS = 2000;

const people = document.getElementById("people");
const count = document.getElementById("count");
const form = document.getElementById("signup");
const notice = document.getElementById("notice");

const jsonRequest = { headers: { Accept: "application/json" }, credentials: "omit" };

// The page's HTML (pages/event.rs) uses the same words.
function countText(number) {
  if (number === 0) return "Nobody is in yet";
  return number === 1 ? "1 is in" : `${number} are in`;
}

function showNotice(text, kind, link) {
  notice.textContent = text;
  notice.className = `notice ${kind}`;
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link;
    anchor.textContent = "Cancel or change it here";
    notice.append(" ", anchor, " (keep this link).");
  }
  notice.hidden = false;
}

// As in pages/event.rs.
function shownName(attendee) {
  return attendee.guests > 0 ? `${attendee.name} +${attendee.guests}` : attendee.name;
}

function rosterRow(attendee, isNew) {
  const item = document.createElement("li");
  const name = document.createElement("span");
  name.dir = "auto";
  name.textContent = shownName(attendee);
  const since = document.createElement("time");
  since.className = "hint";
  since.dateTime = attendee.since;
  since.textContent = attendee.since.slice(0, 10);
  item.append(name, since);
  if (isNew) item.className = "new";
  return item;
}

// There is no roster if only hosts or attendees may see it, and no form if nobody can sign up now.
let shownNames = new Set([...(people?.querySelectorAll("li span") ?? [])].map((name) => name.textContent));
let isPolling = false;
// The last request that got no answer. It is repeated with the same idempotency key, so that it signs up only once.
let unanswered = {};

async function pollRoster() {
  // Only the first part of a roster is updated, and only while the page is visible.
  if (isPolling || document.hidden || people?.dataset.isFirst !== "true") return;
  isPolling = true;
  try {
    const answer = await fetch(people.dataset.roster, { ...jsonRequest, cache: "no-cache" });
    if (!answer.ok) return;
    const roster = await answer.json();
    const names = new Set(roster.attendees.map(shownName));
    const changed = names.size !== shownNames.size || [...names].some((name) => !shownNames.has(name));
    if (count && roster.count !== null) count.textContent = countText(roster.count);
    if (changed) {
      people.replaceChildren(...roster.attendees.map((attendee) => rosterRow(attendee, !shownNames.has(shownName(attendee)))));
      shownNames = names;
    }
  } catch {
    // The server cannot be reached at the moment. The next poll tries again.
  } finally {
    isPolling = false;
  }
}

// Waits until the sign-up is on the roster, and shows the result.
async function showOutcome(manage, name) {
  for (let tries = 0; tries < 10; tries += 1) {
    const answer = await fetch(manage, jsonRequest);
    if (answer.ok) {
      const { state } = await answer.json();
      if (state === "in") return showNotice(`${name}, you are in.`, "good", manage);
      if (state === "not_yours") {
        return showNotice(`Somebody is on the list as ${name} already. If that is not you, add something that tells you apart.`, "bad");
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  return showNotice(`${name}, your sign-up is on its way.`, "good", manage);
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button");
  const body = JSON.stringify(Object.fromEntries(new FormData(form)));
  if (unanswered.body !== body) unanswered = { body, key: newKey() };
  button.disabled = true;
  try {
    const answer = await fetch(form.action, {
      ...jsonRequest,
      method: "POST",
      headers: { ...jsonRequest.headers, "Content-Type": "application/json", "Idempotency-Key": unanswered.key },
      body,
    });
    const result = await answer.json();
    if (!answer.ok) return showNotice(result.detail, "bad");
    unanswered = {};
    form.reset();
    await showOutcome(new URL(result.manage).pathname, result.name);
    await pollRoster();
  } catch {
    showNotice("The server did not answer. Try again: a repeat changes nothing.", "bad");
  } finally {
    button.disabled = false;
  }
});

function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

setInterval(pollRoster, POLL_INTERVAL_MS);
document.addEventListener("visibilitychange", pollRoster);
