"use strict";
// Makes the event page live: it signs up without leaving the page, and updates the roster when people join or leave.
// Without this script the form posts as usual and redirects to the manage page.

const POLL_INTERVAL_MS = 2000;

const people = document.getElementById("people");
const count = document.getElementById("count");
const form = document.getElementById("signup");
const notice = document.getElementById("notice");

const jsonRequest = { headers: { Accept: "application/json" }, credentials: "omit" };

// The page's HTML (pages/places.rs) uses the same words.
function countText(number, places) {
  if (places) {
    const taken = `${places.taken} of ${places.capacity} places taken`;
    return places.waiting > 0 ? `${taken}, ${places.waiting} waiting` : taken;
  }
  if (number === 0) return "Nobody is in yet";
  return number === 1 ? "1 is in" : `${number} are in`;
}

// As in pages/places.rs.
function ordinal(position) {
  const suffixes = { one: "st", two: "nd", few: "rd", other: "th" };
  return `${position}${suffixes[new Intl.PluralRules("en", { type: "ordinal" }).select(position)]}`;
}

// What the form says about the places, as in pages/places.rs.
function showPlaces(places) {
  const free = places ? Math.max(0, places.capacity - places.taken) : null;
  const button = form?.querySelector("button");
  if (button) button.textContent = free === 0 ? "Put me on the waiting list" : "Count me in";
  const line = document.getElementById("line");
  if (!line) return;
  const guests = Number(line.dataset.guests);
  let hint = "";
  if (free === 0) hint = `There is no free place. You would be ${ordinal(places.waiting + 1)} on the waiting list.`;
  else if (free === 1 && guests > 0) hint = "Only 1 place is free. If you bring guests, all of you wait.";
  else if (free !== null && free <= guests) {
    hint = `Only ${free} places are free. If you are more people than that, all of you wait.`;
  }
  line.textContent = hint;
  line.hidden = hint === "";
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
  const hint = document.createElement(attendee.position ? "span" : "time");
  hint.className = "hint";
  if (attendee.position) hint.textContent = ordinal(attendee.position);
  else {
    hint.dateTime = attendee.since;
    hint.textContent = attendee.since.slice(0, 10);
  }
  item.append(name, hint);
  if (isNew) item.className = "new";
  return item;
}

// Shows the people in the lists of those who have a place, who wait, and for whom this is not decided.
function showPeople(attendees) {
  const row = (attendee) => rosterRow(attendee, !shownNames.has(shownName(attendee)));
  const others = ["pending", "waiting"].filter((state) => document.getElementById(state));
  people.replaceChildren(...attendees.filter(({ state }) => !others.includes(state)).map(row));
  for (const state of others) {
    const listed = attendees.filter((attendee) => attendee.state === state);
    listed.sort((one, other) => (one.position ?? Infinity) - (other.position ?? Infinity) || 0);
    const section = document.getElementById(state);
    section.querySelector("ul").replaceChildren(...listed.map(row));
    section.hidden = listed.length === 0;
  }
}

// There is no roster if only hosts or attendees may see it, and no form if nobody can sign up now.
let shownNames = new Set([...document.querySelectorAll(".people li span[dir]")].map((name) => name.textContent));
let shownPeople;
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
    if (count && roster.count !== null) {
      count.textContent = countText(roster.count, roster.places);
      showPlaces(roster.places);
    }
    const newPeople = JSON.stringify(roster.attendees);
    if (newPeople !== shownPeople) {
      showPeople(roster.attendees);
      shownNames = new Set(roster.attendees.map(shownName));
      shownPeople = newPeople;
    }
  } catch {
    // The server cannot be reached at the moment. The next poll tries again.
  } finally {
    isPolling = false;
  }
}

// Waits until the sign-up is on the roster, and shows the result.
async function showOutcome(manage, name) {
  let isOnRoster = false;
  for (let tries = 0; tries < 10; tries += 1) {
    const answer = await fetch(manage, jsonRequest);
    if (answer.ok) {
      const { state, place } = await answer.json();
      isOnRoster = state === "in";
      if (isOnRoster && !place) return showNotice(`${name}, you are in.`, "good", manage);
      if (place?.state === "confirmed") return showNotice(`${name}, you have a place.`, "good", manage);
      if (place?.state === "waiting") {
        return showNotice(`${name}, you are on the waiting list: ${ordinal(place.position)}.`, "", manage);
      }
      if (state === "not_yours") {
        return showNotice(`Somebody is on the list as ${name} already. If that is not you, add something that tells you apart.`, "bad");
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const text = isOnRoster ? "we are deciding about your place." : "your sign-up is on its way.";
  return showNotice(`${name}, ${text}`, "", manage);
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
