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
