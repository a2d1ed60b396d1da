# Text messages must only contain characters of the GSM-7 alphabet: no curly quotes, no long dashes.

# An announcement: title, who joined and left, how many are in.
line = { $title }: { $news }.
news = { $moves }; { $in }
both = { $joined }, { $left }
in = { $number ->
    [0] nobody is in
    [one] { $number } is in
   *[other] { $number } are in
}

# $who is a list of names and the number of others. $number is the number of all people in it.
joined = { $who } joined
joined-unnamed = { $number ->
    [one] { $number } person joined
   *[other] { $number } people joined
}
left = { $who } left
left-unnamed = { $number ->
    [one] { $number } person left
   *[other] { $number } people left
}

# A list: Ana, Ben and 41 others.
list = { $names }, { $next }
list-end = { $names } and { $last }
others = { $number ->
    [one] { $number } other
   *[other] { $number } others
}

# Replaces the title in a text message that has no room for any of it.
untitled = Event

announcement-email =
    { $line }

    See who is coming, change your sign-up or leave:
    { $link }

    To hear no more of it, open that link and take this address out.
    .subject = { $title }: { $news }

confirm-sms = { $title }: do you want to hear who joins? Confirm here, or ignore this.
confirm-email =
    { $name } is signed up for “{ $title }” with this address. Probably that was you.

    To hear here when others join or leave, open this link and confirm:
    { $link }

    Without your confirmation you get no such messages. If you want no request like this again, open the link and choose “No, never”.
    .subject = { $title }: do you want to hear who joins?

link-again-sms = { $title }: here is your link again.
link-again-email =
    Here is your link for “{ $title }” again:
    { $link }

    With it you see who is coming, change your sign-up or leave. Whoever has it can do the same, so keep it to yourself.

    If you did not ask for it, ignore this.
    .subject = { $title }: your link again

# News about the recipient's own seat.
seat-confirmed = you have a place
seat-waiting = you are number { $position } on the waiting list
seat-confirmed-email =
    { $name } has a place at “{ $title }”.

    If you cannot come, cancel with this link, so that somebody else gets the place:
    { $link }
    .subject = { $title }: { $news }
seat-waiting-email =
    { $name } is number { $position } on the waiting list for “{ $title }”.

    You get a message here when there is a place. To change your sign-up or leave the waiting list, open this link:
    { $link }
    .subject = { $title }: { $news }

# The messages of the Alexa skill. A message that waits for an answer must end with a question. Others contain none.
alexa-welcome = Welcome to Count Me In. I can sign you up for an event, take you out, or tell you who is coming. What would you like?
alexa-help = You can say: sign me up for dance. Or: take me out of dance. Or: who is coming to dance. What would you like?
alexa-not-understood = Sorry, I did not understand that. You can say: sign me up for dance, or: who is coming to dance. What would you like?
alexa-what-else = What else would you like?
alexa-goodbye = Goodbye.
alexa-unavailable = Sorry, I cannot do that just now. Please try again later.
alexa-give-up = Sorry, I still did not get it, so I stop here. Say for example: Alexa, open count me in. You can also sign up on the page of the event.
alexa-which-event = For which event?
alexa-event-not-heard = Sorry, I did not get the event. Which one is it?
alexa-this-event = Do you mean { $event }?
alexa-which-name = What is the name?
alexa-name-not-heard = Sorry, I did not get the name. What is it?
alexa-sign-up-as = Shall I sign up { $name } for { $event }?
alexa-take-out-as = Shall I take { $name } out of { $event }?
alexa-signed-up = { $name } is in for { $event }.
alexa-on-the-waiting-list = { $position ->
    [0] { $event } is full. { $name } is on the waiting list.
   *[other] { $event } is full. { $name } is number { $position } on the waiting list.
}
alexa-not-decided = { $name } is signed up for { $event }. Ask me in a minute who is coming.
alexa-waiting = { $number ->
    [one] One more is on the waiting list.
   *[other] { $number } more are on the waiting list.
}
alexa-taken-out = { $name } is out of { $event }.
alexa-not-on-the-list = { $name } is not on the list for { $event }.
alexa-not-yours = { $name } was signed up for { $event } elsewhere, so I cannot take { $name } out.
alexa-signups-closed = Nobody can sign up for { $event } at the moment.
alexa-roster-hidden = The host of { $event } does not say who is coming.
alexa-who = { $number ->
    [0] Nobody is in for { $event } yet.
    [one] { $who } is in for { $event }.
   *[other] { $who } are in for { $event }.
}

# Pages: parts of several pages.
language-name = English
og-locale = en_GB
skip = Skip to content
imprint = Imprint
privacy = Privacy
saved = Saved.
save = Save
back-home = Back to the start page
back-event = Back to the event
back-log-in = Log in as the organiser
back-organiser = Back to the organiser’s page
form-optional = (optional)
form-check = Please check the marked field.

# Dates and times. $date and $time are already in the language of the page.
moment = { $date } at { $time }, { $zone }
date-time = { $date }, { $time }
zone = { $city } time
when = { $time }, { $zone }
when-until = { $start } – { $end }, { $zone }
# The script replaces %s by the time in the zone of the reader.
your-time = Your time: %s

# Numbers of people and places.
ordinal = { NUMBER($position, type: "ordinal") ->
    [one] { $position }st
    [two] { $position }nd
    [few] { $position }rd
   *[other] { $position }th
}
count-signups = { $number ->
    [0] Nobody has signed up yet
   *[other] { $number } signed up
}
count-places = { $taken } of { $capacity } places taken
count-places-waiting = { $taken } of { $capacity } places taken · { $waiting } waiting

# The first page.
home-heading = Plan something. Share one link.
home-lead = Your guests sign up on one page, and you see who is coming. No accounts, no app.
home-new = New event
home-organiser-only = On this site, the organiser creates events.
home-own = Your sign-ups on this device
home-events = Upcoming events
home-lost = Lost your link?
home-find = Link of the event
home-find-hint = If you gave an address, the page of the event can send your personal link to it again.
home-find-hint-no-messages = The page of the event shows your sign-up if you made it on this device. Else ask the host for your personal link.
home-find-submit = Go to the event
home-organiser = Manage this site

# The page of an event.
event-summary = See who is coming, and say “count me in”.
event-map = Map
event-delete = Delete this event…
event-host-page = Open the host’s page
own-in = You’re in as { $name } · { $change }
own-waiting = { $name } is { $position } on the waiting list · { $change }
own-waiting-somewhere = { $name } is on the waiting list · { $change }
own-pending = { $name }’s sign-up is being processed · { $change }
own-forget = Not { $name }? Forget it on this device
own-forget-sure = This device no longer shows the sign-up. It stays on the list, and only its personal link can change it.
own-forget-submit = Forget it here
own-change = change
signup-name = Your name
signup-name-taken = Somebody with this name is already on the list. If that’s you, use your personal link, or ask the host for it. If not, add an initial, like “Ana K.”
signup-other = Sign up somebody else
signup-other-name = Name
signup-guests = Guests you bring
signup-guests-hint = { $most ->
    [one] You may bring 1 guest.
   *[other] You may bring up to { $most } guests.
}
signup-answer-hint = Only the hosts and their helpers see your answer, and whoever runs this site.
signup-email = Email
signup-email-hint = For your link and news about this event. Not shown to others.
signup-phone = Mobile phone
signup-phone-hint = Instead of an email address, with country code: +14155552671. Not shown to others.
signup-submit = Count me in
signup-wait = Put me on the waiting list
signup-submit-other = Sign up
signup-wait-other = Put on the waiting list
signup-until = Sign up until { $when }.
signup-limited = The number of places is limited. Your personal page shows whether you have one.
signup-full = All places are taken. You would be { $position } on the waiting list.
signup-full-other = All places are taken. The person would be { $position } on the waiting list.
signup-few = { $number ->
    [one] Only 1 place is free. If you bring guests, all of you wait.
   *[other] Only { $number } places are free. If you are more people than that, all of you wait.
}
people-heading = Who is coming
people-pending = Not decided yet
people-waiting = Waiting list
people-first = Back to the first names
people-next = More names
people-attendees-only = Only people on the list see it.
people-on-personal-page = Only people on the list see who is coming, on their personal pages.
lost-link = Lost your personal link?
lost-name = Your name on the list
lost-hint = The link is sent to the address that you gave and confirmed.
lost-send = Send me my link again
lost-no-messages = This server sends no messages. Please ask the host for your link.
lost-sent-title = Your link
lost-sent = If this name is on the list with a confirmed address, the link is on its way there. It is sent at most once an hour.

# Why nobody can sign up.
refused-cancelled = This event was cancelled.
refused-over = This event is over.
refused-archived = The host has archived this event. Nobody can sign up or change a sign-up any more.
refused-not-open-yet = Sign-ups open on { $when }.
refused-closed = Sign-ups closed on { $when }. Please ask the host.
refused-closed-host = Sign-ups closed on { $when }. To add somebody, open them again.
refused-not-open-yet-host = Sign-ups open on { $when }. To add somebody before, change that time.
refused-deleted = This event was deleted. Please ask its host.
refused-guests = { $limit ->
    [0] You can’t bring guests to this event.
    [one] You may bring at most 1 guest.
   *[other] You may bring at most { $limit } guests.
}

# The page of a personal link.
personal-title = { $name } · { $title }
personal-in = You’re in, { $name }.
personal-place = You have a place, { $name }.
personal-place-guests = { $number ->
    [one] You and your guest have places, { $name }.
   *[other] You and your { $number } guests have places, { $name }.
}
personal-waiting = { $name }, you are { $position } on the waiting list.
personal-waiting-somewhere = { $name }, you are on the waiting list.
personal-waiting-hint = When places become free, they go to the first on the waiting list who fits. A party with guests needs places for all of it, so smaller parties may come first.
personal-waiting-message = You get a message when you have a place.
personal-waiting-look = Look at this page again to see whether you have a place.
personal-waiting-fewer = { $number ->
    [one] 1 place is free. With fewer guests you may get it at once: change the number below.
   *[other] { $number } places are free. With fewer guests you may get them at once: change the number below.
}
personal-closed-guests = Sign-ups are closed. You can bring fewer guests, but not more.
personal-undecided = { $name }, we are checking whether there is a place for you.
personal-pending = { $name }, your sign-up has arrived and will be on the list in a moment.
personal-out = { $name }, you are not on the list.
personal-cancelled = Your sign-up is cancelled.
personal-not-yours = This link is no longer valid, because somebody signed up as { $name } with another one. If that was you, use the newer link. If not, sign up with an initial, like “Ana K.”
personal-refused-guests = There was no room for { $wanted ->
    [one] 1 guest.
   *[other] { $wanted } guests.
} { $guests ->
    [0] You still have a place for yourself.
    [one] You still have places for yourself and 1 guest.
   *[other] You still have places for yourself and { $guests } guests.
}
personal-refused-hint = If places become free, change the number again.
personal-repeat = You had already signed up. You can change your sign-up here.
personal-again = Your link has changed. Bookmark this page again.
personal-news = Who joined and left
personal-keep = This page is your personal link: bookmark it to change your mind later, and keep it to yourself. If you signed up somebody else, send them this link.
personal-change = Change your sign-up
personal-note = Note for the host
personal-note-hint = Only the hosts and their helpers see it, and whoever runs this site.
personal-cancel = I can’t come
personal-cancel-sure = This takes you off the list. You can sign up again later.
personal-cancel-closed = This takes you off the list. Sign-ups are closed, so you can’t sign up again.
personal-cancel-place = This takes you off the list and frees your place. If you sign up again, you may have to wait.
personal-cancel-waiting = This takes you off the waiting list. If you sign up again, you are at its end.
personal-cancel-submit = Cancel my sign-up
personal-rejoin = I can come after all
personal-event = Go to the event
personal-who = Who else is coming

# The address of a registration, on its personal page.
address-heading = Messages
address-no-email = This server sends no email, so nothing is sent to { $address }.
address-no-sms = This server sends no text messages, so nothing is sent to { $address }.
address-no-webhook = This server calls no webhooks, so nothing is sent to { $address }.
address-unconfirmed-email = Emails to { $address } start only if its owner agrees. We ask by email, so please look into the spam folder, too.
address-unconfirmed-sms = Text messages to { $address } start only if its owner agrees. We ask by text message.
address-unconfirmed-webhook = Calls to { $address } start only if its owner agrees.
address-on-email = Emails to { $address } are on. You get a short message when others join or leave. Messages are grouped.
address-on-sms = Text messages to { $address } are on. You get a short message when others join or leave. Messages are grouped.
address-on-webhook = Calls to { $address } are on when others join or leave. Messages are grouped.
address-off = Messages about this event to { $address } are off.
address-stop-email = Stop these emails
address-stop-sms = Stop these text messages
address-stop-webhook = Stop these calls
address-start = Turn messages on again
address-save = Save
address-replace = Use this address instead
address-remove = Remove my address

# The organiser’s list of events.
events-heading = Events
events-which = Which events
events-upcoming = Upcoming
events-past = Past
events-archived = Archived
events-all = All, by name
events-search = Title contains
events-search-submit = Search
events-cancelled = cancelled
events-next = More events
events-none = Nobody has signed up yet.
events-none-here = There are none on this page. Look at the next page.
events-none-found = No event has this in its title.
events-none-upcoming = No upcoming events.
events-none-past = No past events.
events-none-archived = No archived events.

# The pages on which an event is planned and edited.
new-heading = New event
new-submit = Create the event
new-too-many = There are too many events with this title on this day. Please choose another title.
edit-heading = Edit the event
edit-outdated = Somebody else has edited this event in the meantime. Your text is below. Compare it with the page of the event, and save again if you want to replace it.
edit-title = What
edit-start = When
edit-zone = Time zone
edit-place = Where
edit-capacity = Number of places
edit-capacity-hint = Leave it empty if everybody can come. When all places are taken, there is a waiting list.
edit-no-limit = No limit
edit-description = What guests should know
edit-more = More options
edit-end = Ends
edit-guests = Guests that each person may bring
edit-question = A question to your guests
edit-question-hint = For example: Do you eat meat? Guests do not see each other’s answers.
edit-question-changed = Answers that guests have given stay as they are. If you ask something else, ask these guests again.
edit-opens = Sign-ups open
edit-closes = Sign-ups close
edit-roster = Who sees the names
edit-count = Who sees how many are coming
edit-everyone = Everybody with the link
edit-attendees = People on the list
edit-hosts = Only hosts
edit-visibility = Who finds the event
edit-unlisted = Only people with the link
edit-listed = Everybody: it is on the start page
edit-preview = Preview
edit-preview-heading = This is how it will look
edit-preview-hint = Nothing is stored yet.

# Buttons with links.
copy-link = Copy the link
copied = Copied
share-link = Share
print = Print
back-host = Back to the host’s page
poster-scan = Scan the code to sign up.
poster-code = QR code with the link

# The page of a host.
host-title = { $title } · host
host-share = The link for your guests
host-poster = Poster
host-keep = You are the host. The address of this page is your key: with it, anybody can change the event. Bookmark it, and keep it to yourself.
host-co-host = You are a co-host. With the address of this page, anybody can edit and cancel the event.
host-check-in = With the address of this page, anybody sees who is coming, with answers and notes.
host-event = The event
host-edit = Edit
host-close = Close sign-ups
host-open = Open sign-ups again
host-cancel = Cancel the event
host-cancel-sure = Nobody can sign up any more, and the page says that the event is cancelled. The list stays. Please tell your guests.
host-reopen = The event takes place after all
host-archive = Archive the event
host-unarchive = Open the event again
host-archive-sure = Nobody can sign up any more, and the event is no longer among the current ones. You can undo this.
host-coming = { $number } coming
host-coming-guests = { $guests ->
    [one] { $number } coming ({ $names } + 1 guest)
   *[other] { $number } coming ({ $names } + { $guests } guests)
}
host-waiting = { $number } waiting
host-waiting-guests = { $guests ->
    [one] { $number } waiting ({ $names } + 1 guest)
   *[other] { $number } waiting ({ $names } + { $guests } guests)
}
host-unanswered = { $number } without an answer
host-answers-once = (one answer for each sign-up, with its guests)
host-too-few-places = { $number ->
    [one] That is 1 person more than there are places. Nobody loses a place.
   *[other] That is { $number } people more than there are places. Nobody loses a place.
}
host-pending = { $number } not decided yet
host-waits = { $position } on the waiting list
host-waits-somewhere = on the waiting list
host-refused-guests = Wants to bring { $wanted } guests. There was no place for { $refused } of them.
host-address-email = Email
host-address-sms = Mobile phone
host-address-webhook = Webhook
host-address-on = notifications are on
host-address-off = notifications are off
host-address-unconfirmed = not confirmed
host-address-no-sender = no messages, because this server sends none
host-promote = Give a place
host-promote-name = Give { $name } a place
host-personal-link = Personal link
host-personal-link-name = Personal link of { $name }
host-personal-link-of = The personal link of { $name }. Send it only to this person: with it, the sign-up can be changed and cancelled.
host-remove = Remove
host-remove-sure = This takes the person off the list. Places that become free go to the waiting list. The person is not notified.
host-raise = There is no place for { $name }. Raise the number of places to { $capacity }?
host-raise-submit = Raise it and give the place
host-raise-cancel = No
host-add = Add somebody
host-add-name = Name
host-add-guests = Guests
host-add-guests-hint = At most { $most }.
host-add-email-hint = For the personal link and news about this event. Other guests don’t see it.
host-add-submit = Add to the list
host-name-taken = There is already somebody with this name on the list. Add an initial: “Ana K.”
host-not-waiting = This person is not on the waiting list any more.
host-nobody = Nobody with this name is on the list any more.
host-print = Print the list
host-csv = Download as a table
host-too-many = There are too many people for one page.
host-links = Links for helpers
host-link-host = Host
host-link-host-hint = May do everything. This is your own link.
host-link-co-host = Co-host
host-link-co-host-hint = May edit and cancel the event, and add and remove people.
host-link-check-in = Check-in
host-link-check-in-hint = Sees who is coming, with answers and notes, and changes nothing.
host-revoke = Replace this link
host-revoke-sure = Whoever has the old link can’t use it any more.
host-done-created = Your event is ready. Send the link to your guests, and bookmark this page: it is your key to the event.
host-done-repeated = You had already created this event. You can edit it here.
host-done-edited = Saved. Nobody is notified, so please tell your guests what has changed.
host-done-added = Added to the list.
host-done-added-waiting = There is no place for the party, so it is on the waiting list now.
host-done-promoted = The place is theirs in a moment. The list shows it.
host-done-removed = Removed from the list.
host-moved-up = From the waiting list, these have a place now: { $names }.
host-done-closed = Sign-ups are closed.
host-done-opened = Sign-ups are open again. They no longer close by themselves; to change that, edit the event.
host-done-cancelled = The event is cancelled.
host-done-archived = The event is archived.
host-done-reopened = The event takes place again.
host-done-revoked = The link was replaced, and the old one is no longer valid. If it was your own, bookmark this page again.
print-here = Here
print-name = Name
print-guests = Guests
print-note = Note

# What is wrong with a field.
field-missing = Please fill this in.
field-too-long = Please shorten this to { $limit } characters.
field-too-many-bytes = Please shorten this.
field-characters = This contains a character that can’t be shown. Please remove it.
field-no-letters = Please use at least one letter or digit.
field-hash = Please begin with another character than #.
field-link = Please leave out web addresses, and dots between words.
field-email = This is not an email address. Write it like ana@example.org.
field-phone = Please write the number with its country code, like +14155552671.
field-one-contact = Please give either an email address or a phone number.
field-time = Please give a date and a time.
field-zone = Please choose a time zone, like Europe/Berlin.
field-end = This must be later than the beginning.
field-past = This time is in the past.
field-range = Please choose a number from { $least } to { $most }.
field-choice = Please choose one of the options.
field-other = Please check this.

# What went wrong, and what to do.
error-malformed-title = We can’t read this request
error-malformed = Please go back and try again.
error-organiser-title = Only for the organiser
error-organiser = Please log in with the organiser’s key.
error-forbidden-title = This link doesn’t allow that
error-forbidden = Ask the host for another link.
error-not-found-title = We can’t find that page
error-not-found = Check the link, or ask whoever sent it.
error-no-event = There is no such event. Check the link, or ask whoever sent it. It may also have been deleted.
error-unknown-event = We don’t find this event. Please give its whole link, which is in the message that invited you.
error-other-site = This form came from another site. Please open the page here again.
error-incomplete-link = This link is not right. Please copy the whole link, and nothing else.
error-host-link = This link is incomplete or no longer valid. Copy the whole link, or ask the host for a new one.
error-not-yours = This link belongs to another sign-up with this name, so it can’t change the one on the list.
error-no-person = There is no data about this name. Please look at the spelling.
error-no-person-there = There is no data about this name and this event. Please look at the spelling of both.
error-no-longer = This sign-up is no longer on the list. Please sign up again.
error-too-slow-title = That took too long
error-too-slow = It may still have worked. Please check before you try again.
error-conflict-title = That isn’t possible now
error-conflict = Something has changed in the meantime. Please load the page again.
error-too-large-title = That is too long
error-too-large = Please shorten your text.
error-field-title = Please check what you entered
error-too-many-title = Too many requests
error-too-many = Please wait a moment and try again.
error-unavailable-title = We can’t do that just now
error-unavailable = Please try again in a moment.
error-internal-title = Something went wrong
error-internal = It’s our fault, and it was logged. Please try again later.

# The organiser’s pages.
organiser-title = Organiser
organiser-guests = These pages are for whoever runs this server. Guests and hosts need only their links.
organiser-key = Organiser’s key
organiser-key-hint = When the server starts, it shows where the key is stored.
organiser-wrong-key = This is not the organiser’s key.
organiser-too-many-attempts = Too many attempts. Please wait a minute and try again.
organiser-login = Log in
organiser-logout = Log out
organiser-event = Event
organiser-event-hint = Its title or its link.
organiser-name = Name
organiser-contact = Contact
organiser-contact-hint = An email address, a phone number like +14155552671, or an https webhook. Not shown to others.
organiser-contact-invalid = Please give an email address like ana@example.org, a phone number like +14155552671, or an https address.
organiser-all-events = The title or the link of the event. Leave this empty for all events.
organiser-event-ambiguous = Several events have this title. Give the link of the one that you mean.
organiser-events = Upcoming events
organiser-events-more = Search all events, also past and archived ones
organiser-buttons = Register buttons, and see what each one does

organiser-import = Import
organiser-import-open = Paste a table
organiser-import-table = Table
organiser-import-hint = Paste the rows of a spreadsheet or a CSV file. The first row names the columns: event and name, and if you like email, phone, webhook, guests, answer and note. At most 1,000 rows.
organiser-import-submit = Sign these people up
organiser-import-check = A sign-up that its event refuses, for example because its sign-ups are closed, is then under “{ $attention }”.
organiser-import-accepted = { $number ->
    [0] Nobody was signed up.
    [one] 1 sign-up was accepted. It is on the list in a moment.
   *[other] { $number } sign-ups were accepted. They are on the lists in a moment.
}
organiser-import-refused = { $number ->
    [one] 1 row could not be imported. Please correct it below and send it again.
   *[other] { $number } rows could not be imported. Please correct them below and send them again.
}
organiser-import-row = Row { $number }
organiser-import-ignored = Columns ignored: { $columns }.
organiser-import-new-events = New events have begun, which are on the start page: { $events }. If you meant another event, delete the new one on its page, and import its rows again with the other one’s link as the event.
organiser-import-repeat = Row { $row } is about { $name }, as row { $earlier } is: what row { $row } says wins. If they are two people, add an initial to one.
organiser-import-empty = There are no rows. The first row must name the columns, like event,name,email.
organiser-import-columns = The first row must name the columns event and name, and no column twice.
organiser-import-too-many = Please paste at most 1,000 rows at a time.
organiser-import-unreadable = We can’t read this table. Please paste it again.
organiser-import-several-contacts = Please give only one of email, phone and webhook.
organiser-import-unnamed-column = Column { $column } has text, but no name in the first row. Name the column, or empty the cell.
organiser-import-ignored-contact = “{ $column }” has an email address or a phone number, but is not imported. Call the column email or phone, or remove it.
organiser-import-rounded-phone = The spreadsheet rounded the phone number. Format the column as text and enter the number again.
organiser-import-open-quote = There is a quotation mark without its counterpart. Please remove it.

organiser-export = Export
organiser-export-hint = A table of everybody who signed up, with contacts, answers and notes.
organiser-export-submit = Download CSV

organiser-limits = Limits
organiser-limit-opt-ins = { $spent } of at most { $limit } requests to confirm an address were sent in this hour.
organiser-limit-texts = { $spent } of at most { $limit } text messages were sent today (UTC).
organiser-limit-answers = { $spent } of at most { $limit } text messages with requests to confirm an address and with personal links were sent today (UTC).
organiser-limit-reached = The limit is reached, so no more are sent.
organiser-limit-no-texts = This server sends no text messages.
organiser-limit-countries = Text messages go only to mobile phones in { $countries }, in the hours { $hours }.
organiser-no-notifications = This server sends no notifications.
organiser-no-messages = This server sends no email and no text messages, because no mail server is set up.

organiser-outbox = Outbox
organiser-outbox-count = { $number ->
    [0] No messages are waiting to be sent.
    [one] 1 message is waiting to be sent.
   *[other] { $number } messages are waiting to be sent.
}
organiser-outbox-show = Show the messages
organiser-outbox-none = No messages are waiting to be sent.
organiser-outbox-opt-in = Request to confirm an address
organiser-outbox-link = Personal link
organiser-outbox-seat = News about a place
organiser-outbox-digest = News about who joined and left
organiser-outbox-to = To
organiser-outbox-everybody = Everybody who follows all events
organiser-outbox-since = Waiting since
organiser-outbox-due = Next attempt
organiser-outbox-attempts = Attempts so far
organiser-outbox-failure = Last failure
organiser-outbox-retry = Try again now
organiser-outbox-drop = Drop…
organiser-outbox-drop-sure = The message is removed and not tried again. If it is being sent right now, it may still arrive.
organiser-outbox-drop-submit = Drop this message
organiser-outbox-next = More messages
organiser-outbox-attempted = This message is being sent right now, or the result of the last attempt is not known. It is tried again automatically.
organiser-outbox-gone = This message is no longer in the outbox. It was sent or dropped.
organiser-outbox-unlisted = The outbox of this server is a queue, whose messages can’t be listed.

organiser-remove = Remove a person’s data
organiser-remove-open = Remove…
organiser-remove-sure = This takes the person off the list and deletes for good what is stored under this name: contacts, messages that need attention and buttons.
organiser-remove-check = I am sure
organiser-remove-unsure = Please tick this box if you are sure.
organiser-remove-done = Everything that was stored under this name was removed.
organiser-remove-submit = Remove for good

# Messages that could not be processed.
attention-title = Needs attention
attention-none = All messages were processed.
attention-count = { $number ->
    [one] 1 message needs attention
   *[other] { $number } messages need attention
}
attention-count-or-more = { $number } or more messages need attention
attention-show = Show and correct
attention-next = More messages
attention-back = Back to “Needs attention”
attention-arrived = Arrived
attention-times = { $number ->
    [one] 1 message
   *[other] { $number } messages, and this is the latest
}
attention-action = Action
attention-action-sign-up = Sign up
attention-action-cancel = Cancel
attention-action-send-link = Send the personal link again
attention-action-change = Change the details
attention-contact-email = Email
attention-contact-sms = Phone
attention-contact-webhook = Webhook
attention-channel = Channel
attention-channel-http = Page or API
attention-channel-cli = Organiser
attention-channel-button = Button
attention-channel-alexa = Alexa
attention-channel-queue = Queue
attention-channel-import = Import
attention-time = Requested
attention-missing = missing
attention-unknown = unknown
attention-press = Press
attention-press-single = Single press
attention-press-double = Double press
attention-press-triple = Triple press
attention-press-long = Long press
attention-press-time = Pressed
attention-field = { $field }: { $problem }
attention-unreadable = This is neither a sign-up nor a button press that we can read.
attention-unregistered = No button with this serial number is registered.
attention-registered = This button is registered: { $name }, { $event }. You can send the message again.
attention-unknown-action = The button reported “{ $action }”, and we don’t know whether that is a press. Sign somebody up instead, or discard the message.
attention-no-action = The button does nothing on this kind of press. Discard the message, or register the button again with another action.
attention-still-wrong = This message still can’t be processed. Please correct or discard it.
attention-now-fine = This message can be processed now, so you can send it again. The reason was:
attention-raw = Message as it arrived
attention-register = Register this button
attention-register-hint = A single press signs up this person, and a long press cancels.
attention-instead = Sign somebody up instead
attention-correct = Correct and send again
attention-keep-contact = Leave this empty to keep the contact in the message.
attention-no-contact = Remove the contact from the message
attention-guests = Guests
attention-answer = Answer to the host’s question
attention-note = Note for the host
attention-send = Send again
attention-discard = Discard…
attention-discard-sure = The message is deleted and never processed.
attention-discard-submit = Discard this message
attention-gone = This message is not here any more. It was sent again or discarded.
attention-done-processed = The message was sent again, and was processed.
attention-done-sent = The message was sent again. If it can’t be processed, it is in this list again in a moment.
attention-done-discarded = The message was discarded.
attention-all = Send all again
attention-all-hint = After an outage, for example. Leave a field empty to include all messages.
attention-all-reason = Reason contains
attention-all-since = Needs attention since
attention-all-since-hint = The time is in UTC.
attention-sent = { $number ->
    [one] 1 message was sent again.
   *[other] { $number } messages were sent again.
}
attention-kept = { $number ->
    [one] 1 message must be corrected first.
   *[other] { $number } messages must be corrected first.
}
attention-more = There are more messages. Go back and send all again.

# The organiser’s page of buttons.
button-title = Buttons
button-what = A button is a small device. Whoever presses it is signed up.
button-none = No button is registered yet.
button-for = { $name } for { $event }
button-serial = Serial number
button-new-event = There is no such event yet. It begins with the first press. If you meant another event, register the button again with that event’s link.
button-single = Single press
button-double = Double press
button-triple = Triple press
button-long = Long press
button-sign-up = Sign up
button-cancel = Cancel
button-nothing = Do nothing
button-http = For a device that sends over HTTP
button-secret = Secret
button-remove = Remove…
button-remove-sure = The button stops working. Later presses change nothing and need attention.
button-remove-submit = Remove this button
button-next = More buttons
button-register = Register a button
button-name-hint = The button signs up this person.
button-submit = Register
button-attention = Presses of unknown buttons need attention

# The pages of the link in an opt-in request.
optin-title = Messages to your address
optin-question = You (or someone using your address) signed up { $name } for { $event }. Do you want short messages to this address when others join or leave?
optin-question-address = You (or someone using your address) signed up for an event. Do you want short messages to this address when others join or leave?
optin-on = Messages about { $event } are on, because { $name } is signed up. You get a short message at this address when others join or leave.
optin-on-others = The same goes for every other sign-up with this address.
optin-on-all = Messages are on for every sign-up with this address. You get a short message when others join or leave.
optin-on-confirmed = Messages are on for the sign-ups that you confirmed. You get a short message at this address when others join or leave.
optin-registration-off = Messages about { $event } for { $name } are off.
optin-off = Nothing is sent to this address.
optin-not-confirmed = You have not agreed to messages to this address.
optin-ended = { $name } is no longer on the list for { $event }.
optin-event-deleted = The event for which { $name } signed up has been deleted.
optin-other-contact = The sign-up of { $name } for { $event } no longer has this address.
optin-yes = Yes, for this sign-up
optin-yes-again = Yes, for this sign-up and those that you confirmed before
optin-yes-all = Yes, for everything sent to this address
optin-yes-all-hint = Also for sign-ups that other people make with it.
optin-stop = Stop all messages
optin-never = No, never

# Deleting an event.
delete-title = Delete this event
delete-what = { $number ->
    [0] { $title } and its empty list will be deleted.
    [one] { $title } and its 1 sign-up will be deleted.
   *[other] { $title } and its { $number } sign-ups will be deleted.
}
delete-contents = This deletes the details, the list with contacts, answers and notes, the messages on the pages of attendees, the messages that need attention, and the buttons of this event. It cannot be undone.
delete-guests = Nobody is notified, and personal links stop working. Please let your guests know first.
delete-sure = Delete it for good
delete-sure-missing = Please tick this box. The deletion cannot be undone.
delete-submit = Delete this event
delete-unfinished = The event can no longer be found. Some of its data is still stored.
delete-continue = Continue
delete-done-title = Event deleted
delete-done = The event and everything about it is deleted.
delete-back-host = Back to the host’s page
