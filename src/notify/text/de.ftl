# Text messages must only contain characters of the GSM-7 alphabet: no curly quotes, no long dashes.

# An announcement: title, who joined and left, how many are in.
line = { $title }: { $news }.
news = { $moves }; { $in }
both = { $joined }, { $left }
in = { $number ->
    [0] niemand ist dabei
    [one] es ist { $number } dabei
   *[other] es sind { $number } dabei
}

# $who is a list of names and the number of others. $number is the number of all people in it.
joined = { $number ->
    [one] { $who } ist dabei
   *[other] { $who } sind dabei
}
joined-unnamed = { $number ->
    [one] { $number } Person ist neu dabei
   *[other] { $number } Personen sind neu dabei
}
left = { $number ->
    [one] { $who } ist nicht mehr dabei
   *[other] { $who } sind nicht mehr dabei
}
left-unnamed = { $number ->
    [one] { $number } Person ist nicht mehr dabei
   *[other] { $number } Personen sind nicht mehr dabei
}

# A list: Ana, Ben und 41 weitere.
list = { $names }, { $next }
list-end = { $names } und { $last }
others = { $number ->
    [one] { $number } weitere Person
   *[other] { $number } weitere
}

# Replaces the title in a text message that has no room for any of it.
untitled = Event

announcement-email =
    { $line }

    Sieh, wer dabei ist, ändere deine Angaben oder sag ab:
    { $link }

    Wenn du nichts mehr davon hören willst, öffne den Link und nimm diese Adresse heraus.
    .subject = { $title }: { $news }

confirm-sms = { $title }: Möchtest du hören, wer dabei ist? Bestätige es hier, sonst ignoriere dies.
confirm-email =
    { $name } ist mit dieser Adresse bei „{ $title }“ angemeldet. Wahrscheinlich warst du das.

    Wenn du hier erfahren möchtest, wer dazukommt oder absagt, öffne diesen Link und bestätige es:
    { $link }

    Ohne deine Bestätigung kommen keine solchen Nachrichten. Wenn du auch keine solche Anfrage mehr bekommen möchtest, öffne den Link und wähle „No, never“.
    .subject = { $title }: Möchtest du hören, wer dabei ist?

link-again-sms = { $title }: Hier ist dein Link noch einmal.
link-again-email =
    Hier ist noch einmal dein Link zu „{ $title }“:
    { $link }

    Mit ihm siehst du, wer dabei ist, änderst deine Angaben oder sagst ab. Wer ihn hat, kann das auch; behalte ihn also für dich.

    Wenn du nicht darum gebeten hast, ignoriere dies.
    .subject = { $title }: Noch einmal dein Link

# News about the recipient's own seat.
seat-confirmed = du hast einen Platz
seat-waiting = du stehst an { $position }. Stelle der Warteliste
seat-confirmed-email =
    { $name } hat einen Platz bei „{ $title }“.

    Wenn du nicht kommen kannst, sag mit diesem Link ab, damit jemand anderes den Platz bekommt:
    { $link }
    .subject = { $title }: { $news }
seat-waiting-email =
    { $name } steht bei „{ $title }“ an { $position }. Stelle der Warteliste.

    Sobald ein Platz frei ist, bekommst du hier eine Nachricht. Mit diesem Link änderst du deine Angaben oder verlässt die Warteliste:
    { $link }
    .subject = { $title }: { $news }

# The messages of the Alexa skill. A message that waits for an answer must end with a question. Others contain none.
alexa-welcome = Willkommen bei Zähl mich mit. Ich kann dich für ein Treffen anmelden, abmelden, oder dir sagen, wer kommt. Was möchtest du?
alexa-help = Du kannst sagen: melde mich für Tanz an. Oder: melde mich von Tanz ab. Oder: wer kommt zu Tanz. Was möchtest du?
alexa-not-understood = Das habe ich leider nicht verstanden. Du kannst sagen: melde mich für Tanz an, oder: wer kommt zu Tanz. Was möchtest du?
alexa-what-else = Was möchtest du noch?
alexa-goodbye = Bis bald.
alexa-unavailable = Das geht gerade leider nicht. Bitte versuche es später noch einmal.
alexa-which-event = Für welches Treffen?
alexa-event-not-heard = Das Treffen habe ich leider nicht verstanden. Welches ist es?
alexa-this-event = Meinst du { $event }?
alexa-which-name = Wie ist der Name?
alexa-name-not-heard = Den Namen habe ich leider nicht verstanden. Wie ist er?
alexa-sign-up-as = Soll ich { $name } für { $event } anmelden?
alexa-take-out-as = Soll ich { $name } von { $event } abmelden?
alexa-signed-up = { $name } ist bei { $event } dabei.
alexa-on-the-waiting-list = { $position ->
    [0] { $event } ist voll. { $name } steht auf der Warteliste.
   *[other] { $event } ist voll. { $name } hat auf der Warteliste die Nummer { $position }.
}
alexa-not-decided = { $name } ist für { $event } angemeldet. Frag mich in einer Minute, wer kommt.
alexa-waiting = { $number ->
    [one] Eine weitere Anmeldung steht auf der Warteliste.
   *[other] { $number } weitere Anmeldungen stehen auf der Warteliste.
}
alexa-taken-out = { $name } ist bei { $event } nicht mehr dabei.
alexa-not-on-the-list = { $name } steht bei { $event } nicht auf der Liste.
alexa-not-yours = { $name } wurde für { $event } anderswo angemeldet, daher kann ich { $name } nicht abmelden.
alexa-signups-closed = Für { $event } kann sich gerade niemand anmelden.
alexa-roster-hidden = Bei { $event } wird nicht verraten, wer kommt.
alexa-who = { $number ->
    [0] Bei { $event } ist noch niemand dabei.
    [one] { $who } ist bei { $event } dabei.
   *[other] { $who } sind bei { $event } dabei.
}
