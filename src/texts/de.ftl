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
alexa-give-up = Das habe ich leider noch immer nicht verstanden, deshalb höre ich hier auf. Sag zum Beispiel: Alexa, öffne zähl mich mit. Auf der Seite der Veranstaltung kannst du dich auch anmelden.
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

# Seiten: Teile mehrerer Seiten.
language-name = Deutsch
og-locale = de_DE
skip = Zum Inhalt
imprint = Impressum
privacy = Datenschutz
saved = Gespeichert.
save = Speichern
back-home = Zurück zur Startseite
back-event = Zurück zur Veranstaltung
back-log-in = Als Veranstalter anmelden
back-organiser = Zurück zur Seite des Veranstalters
form-optional = (optional)
form-check = Bitte prüfe das markierte Feld.

# Daten und Uhrzeiten.
moment = { $date }, { $time } Uhr, { $zone }
date-time = { $date }, { $time } Uhr
zone = Zeitzone { $city }
when = { $time } Uhr, { $zone }
when-until = { $start } – { $end } Uhr, { $zone }
your-time = Deine Zeit: %s

# Anzahl der Leute und Plätze.
ordinal = { NUMBER($position, type: "ordinal") ->
   *[other] { $position }.
}
count-signups = { $number ->
    [0] Noch niemand angemeldet
   *[other] { $number } angemeldet
}
count-places = { $taken } von { $capacity } Plätzen belegt
count-places-waiting = { $taken } von { $capacity } Plätzen belegt · { $waiting } auf der Warteliste

# Die Startseite.
home-heading = Plane etwas. Teile einen Link.
home-lead = Deine Gäste melden sich auf einer Seite an, und du siehst, wer kommt. Ohne Konto, ohne App.
home-new = Neue Veranstaltung
home-organiser-only = Auf dieser Seite legt der Veranstalter Veranstaltungen an.
home-own = Deine Anmeldungen auf diesem Gerät
home-events = Nächste Veranstaltungen
home-lost = Link verloren?
home-find = Link der Veranstaltung
home-find-hint = Wenn du eine Adresse angegeben hast, kann die Seite der Veranstaltung dir deinen persönlichen Link noch einmal schicken.
home-find-hint-no-messages = Die Seite der Veranstaltung zeigt deine Anmeldung, wenn du sie auf diesem Gerät gemacht hast. Sonst bitte den Gastgeber um deinen persönlichen Link.
home-find-submit = Zur Veranstaltung
home-organiser = Diese Seite verwalten

# Die Seite einer Veranstaltung.
event-summary = Sieh, wer kommt, und melde dich an.
event-map = Karte
event-delete = Diese Veranstaltung löschen…
event-host-page = Seite des Gastgebers öffnen
own-in = Du bist dabei als { $name } · { $change }
own-waiting = { $name } ist auf der Warteliste: { $position } · { $change }
own-waiting-somewhere = { $name } ist auf der Warteliste · { $change }
own-pending = Die Anmeldung von { $name } wird bearbeitet · { $change }
own-forget = Nicht { $name }? Auf diesem Gerät vergessen
own-forget-sure = Dieses Gerät zeigt die Anmeldung nicht mehr. Sie bleibt auf der Liste, und nur ihr persönlicher Link kann sie ändern.
own-forget-submit = Hier vergessen
own-change = ändern
signup-name = Dein Name
signup-name-taken = Dieser Name steht schon auf der Liste. Wenn du das bist, nimm deinen persönlichen Link, oder bitte den Gastgeber darum. Wenn nicht, füge einen Zusatz hinzu, etwa „Ana K.“
signup-other = Jemand anderen anmelden
signup-other-name = Name
signup-guests = Gäste, die du mitbringst
signup-guests-hint = { $most ->
    [one] Du darfst 1 Gast mitbringen.
   *[other] Du darfst bis zu { $most } Gäste mitbringen.
}
signup-answer-hint = Deine Antwort sehen nur die Gastgeber, ihre Helfer und wer diese Seite betreibt.
signup-email = E-Mail
signup-email-hint = Für deinen Link und Neues zu dieser Veranstaltung. Andere sehen die Adresse nicht.
signup-phone = Handynummer
signup-phone-hint = Statt einer E-Mail-Adresse, mit Landesvorwahl: +4915112345678. Andere sehen sie nicht.
signup-submit = Ich bin dabei
signup-wait = Auf die Warteliste
signup-submit-other = Anmelden
signup-wait-other = Auf die Warteliste setzen
signup-until = Anmelden kannst du dich bis { $when }.
signup-limited = Die Plätze sind begrenzt. Auf deiner persönlichen Seite siehst du, ob du einen hast.
signup-full = Alle Plätze sind belegt. Auf der Warteliste wärst du an { $position } Stelle.
signup-full-other = Alle Plätze sind vergeben. Warteliste, Platz: { $position }
signup-few = { $number ->
    [one] Nur 1 Platz ist frei. Wenn du Gäste mitbringst, wartet ihr alle.
   *[other] Nur { $number } Plätze sind frei. Wenn ihr mehr Leute seid, wartet ihr alle.
}
people-heading = Wer kommt
people-pending = Noch nicht entschieden
people-waiting = Warteliste
people-first = Zurück zu den ersten Namen
people-next = Weitere Namen
people-attendees-only = Nur wer angemeldet ist, sieht die Liste.
people-on-personal-page = Wer kommt, sieht nur, wer auf der Liste steht, auf der eigenen persönlichen Seite.
lost-link = Persönlichen Link verloren?
lost-name = Dein Name auf der Liste
lost-hint = Der Link geht an die Adresse, die du angegeben und bestätigt hast.
lost-send = Link noch einmal schicken
lost-no-messages = Dieser Server schickt keine Nachrichten. Bitte den Gastgeber um deinen Link.
lost-sent-title = Dein Link
lost-sent = Wenn dieser Name mit einer bestätigten Adresse auf der Liste steht, ist der Link dorthin unterwegs. Wir schicken ihn höchstens einmal pro Stunde.

# Warum sich niemand anmelden kann.
refused-cancelled = Diese Veranstaltung wurde abgesagt.
refused-over = Diese Veranstaltung ist vorbei.
refused-archived = Der Gastgeber hat diese Veranstaltung archiviert. An- und Abmelden ist nicht mehr möglich.
refused-not-open-yet = Die Anmeldung beginnt: { $when }.
refused-closed = Die Anmeldung ist seit { $when } geschlossen. Bitte frage den Gastgeber.
refused-closed-host = Die Anmeldung ist seit { $when } geschlossen. Um jemanden hinzuzufügen, öffne sie wieder.
refused-not-open-yet-host = Die Anmeldung beginnt: { $when }. Um vorher jemanden hinzuzufügen, ändere diese Zeit.
refused-deleted = Diese Veranstaltung wurde gelöscht. Bitte frage den Gastgeber.
refused-guests = { $limit ->
    [0] Zu dieser Veranstaltung kannst du keine Gäste mitbringen.
    [one] Du darfst höchstens 1 Gast mitbringen.
   *[other] Du darfst höchstens { $limit } Gäste mitbringen.
}

# Die Seite eines persönlichen Links.
personal-title = { $name } · { $title }
personal-in = Du bist dabei, { $name }.
personal-place = Du hast einen Platz, { $name }.
personal-place-guests = { $number ->
    [one] Du und dein Gast haben Plätze, { $name }.
   *[other] Du und deine { $number } Gäste haben Plätze, { $name }.
}
personal-waiting = { $name }, du stehst auf der Warteliste an { $position } Stelle.
personal-waiting-somewhere = { $name }, du stehst auf der Warteliste.
personal-waiting-hint = Wird etwas frei, bekommen es die Ersten auf der Warteliste, für die der Platz reicht. Wer Gäste mitbringt, braucht Plätze für alle, sodass kleinere Gruppen vorher drankommen können.
personal-waiting-message = Du bekommst eine Nachricht, wenn du einen Platz hast.
personal-waiting-look = Sieh auf dieser Seite wieder nach, ob du einen Platz hast.
personal-waiting-fewer = { $number ->
    [one] 1 Platz ist frei. Mit weniger Gästen bekommst du ihn vielleicht sofort: Ändere unten die Zahl.
   *[other] { $number } Plätze sind frei. Mit weniger Gästen bekommst du sie vielleicht sofort: Ändere unten die Zahl.
}
personal-closed-guests = Die Anmeldung ist geschlossen. Du kannst weniger Gäste mitbringen, aber nicht mehr.
personal-undecided = { $name }, wir prüfen, ob es einen Platz für dich gibt.
personal-pending = { $name }, deine Anmeldung ist angekommen und steht gleich auf der Liste.
personal-out = { $name }, du stehst nicht auf der Liste.
personal-cancelled = Deine Anmeldung ist abgesagt.
personal-not-yours = Dieser Link gilt nicht mehr, weil sich jemand als { $name } mit einem anderen angemeldet hat. Wenn du das warst, nimm den neueren Link. Wenn nicht, melde dich mit einem weiteren Buchstaben an, zum Beispiel „Ana K.“
personal-refused-guests = Für { $wanted ->
    [one] 1 Gast war kein Platz.
   *[other] { $wanted } Gäste war kein Platz.
} { $guests ->
    [0] Du selbst hast weiter einen Platz.
    [one] Du selbst und 1 Gast haben weiter Plätze.
   *[other] Du selbst und { $guests } Gäste haben weiter Plätze.
}
personal-refused-hint = Wenn Plätze frei werden, ändere die Zahl noch einmal.
personal-repeat = Du hattest dich schon angemeldet. Hier kannst du deine Anmeldung ändern.
personal-again = Dein Link hat sich geändert. Setze ein neues Lesezeichen auf diese Seite.
personal-news = Wer dazukam und absagte
personal-keep = Diese Seite ist dein persönlicher Link: Setze ein Lesezeichen, um später etwas zu ändern, und behalte ihn für dich. Hast du jemand anderen angemeldet, schick ihm diesen Link.
personal-change = Anmeldung ändern
personal-note = Nachricht an den Gastgeber
personal-note-hint = Sie sehen nur die Gastgeber, ihre Helfer und wer diese Seite betreibt.
personal-cancel = Ich kann nicht kommen
personal-cancel-sure = Damit stehst du nicht mehr auf der Liste. Du kannst dich später wieder anmelden.
personal-cancel-closed = Damit stehst du nicht mehr auf der Liste. Die Anmeldung ist geschlossen, du kannst dich also nicht wieder anmelden.
personal-cancel-place = Damit stehst du nicht mehr auf der Liste, und dein Platz wird frei. Wenn du dich wieder anmeldest, musst du vielleicht warten.
personal-cancel-waiting = Damit stehst du nicht mehr auf der Warteliste. Wenn du dich wieder anmeldest, stehst du an ihrem Ende.
personal-cancel-submit = Anmeldung absagen
personal-rejoin = Ich kann doch kommen
personal-event = Zur Veranstaltung
personal-who = Wer noch kommt

# Die Adresse einer Anmeldung, auf ihrer persönlichen Seite.
address-heading = Nachrichten
address-no-email = Dieser Server verschickt keine E-Mails. An { $address } geht also nichts.
address-no-sms = Dieser Server verschickt keine SMS. An { $address } geht also nichts.
address-no-webhook = Dieser Server ruft keine Webhooks auf. An { $address } geht also nichts.
address-unconfirmed-email = E-Mails an { $address } beginnen nur, wenn der Besitzer zustimmt. Wir fragen per E-Mail, bitte sieh auch im Spam-Ordner nach.
address-unconfirmed-sms = SMS an { $address } beginnen nur, wenn der Besitzer zustimmt. Wir fragen per SMS.
address-unconfirmed-webhook = Aufrufe von { $address } beginnen nur, wenn der Besitzer zustimmt.
address-on-email = E-Mails an { $address } sind an. Du bekommst eine kurze Nachricht, wenn sich andere an- oder abmelden. Nachrichten werden gebündelt.
address-on-sms = SMS an { $address } sind an. Du bekommst eine kurze Nachricht, wenn sich andere an- oder abmelden. Nachrichten werden gebündelt.
address-on-webhook = Aufrufe von { $address } sind an, wenn sich andere an- oder abmelden. Nachrichten werden gebündelt.
address-off = Nachrichten über diese Veranstaltung an { $address } sind aus.
address-stop-email = Diese E-Mails abstellen
address-stop-sms = Diese SMS abstellen
address-stop-webhook = Diese Aufrufe abstellen
address-start = Nachrichten wieder anstellen
address-save = Speichern
address-replace = Stattdessen diese Adresse nehmen
address-remove = Meine Adresse entfernen

# Die Liste der Veranstaltungen für den Veranstalter.
events-heading = Veranstaltungen
events-which = Welche Veranstaltungen
events-upcoming = Nächste
events-past = Vergangene
events-archived = Archivierte
events-all = Alle, nach Namen
events-search = Titel enthält
events-search-submit = Suchen
events-cancelled = abgesagt
events-next = Weitere Veranstaltungen
events-none = Noch niemand hat sich angemeldet.
events-none-here = Auf dieser Seite sind keine. Sieh auf der nächsten nach.
events-none-found = Keine Veranstaltung hat das im Titel.
events-none-upcoming = Keine nächsten Veranstaltungen.
events-none-past = Keine vergangenen Veranstaltungen.
events-none-archived = Keine archivierten Veranstaltungen.

# Die Seiten, auf denen eine Veranstaltung geplant und bearbeitet wird.
new-heading = Neue Veranstaltung
new-submit = Veranstaltung anlegen
new-too-many = An diesem Tag gibt es zu viele Veranstaltungen mit diesem Titel. Bitte wähle einen anderen.
edit-heading = Veranstaltung bearbeiten
edit-outdated = Inzwischen hat jemand anderes diese Veranstaltung bearbeitet. Dein Text steht unten. Vergleiche ihn mit der Seite der Veranstaltung, und speichere noch einmal, wenn du ihn ersetzen willst.
edit-title = Was
edit-start = Wann
edit-zone = Zeitzone
edit-place = Wo
edit-capacity = Anzahl der Plätze
edit-capacity-hint = Lass das Feld leer, wenn alle kommen können. Sind alle Plätze belegt, gibt es eine Warteliste.
edit-no-limit = Unbegrenzt
edit-description = Was die Gäste wissen sollten
edit-more = Weitere Möglichkeiten
edit-end = Ende
edit-guests = Gäste, die jede Person mitbringen darf
edit-question = Eine Frage an deine Gäste
edit-question-hint = Zum Beispiel: Isst du Fleisch? Die Gäste sehen die Antworten der anderen nicht.
edit-question-changed = Antworten, die schon gegeben wurden, bleiben stehen. Wenn du etwas anderes fragst, frage diese Gäste noch einmal.
edit-opens = Anmeldung ab
edit-closes = Anmeldung bis
edit-roster = Wer die Namen sieht
edit-count = Wer sieht, wie viele kommen
edit-everyone = Alle mit dem Link
edit-attendees = Wer auf der Liste steht
edit-hosts = Nur die Gastgeber
edit-visibility = Wer die Veranstaltung findet
edit-unlisted = Nur wer den Link hat
edit-listed = Alle: Sie steht auf der Startseite
edit-preview = Vorschau
edit-preview-heading = So wird es aussehen
edit-preview-hint = Noch ist nichts gespeichert.

# Knöpfe mit Links.
copy-link = Link kopieren
copied = Kopiert
share-link = Teilen
print = Drucken
back-host = Zurück zur Seite des Gastgebers
poster-scan = Scanne den Code und melde dich an.
poster-code = QR-Code mit dem Link

# Die Seite des Gastgebers.
host-title = { $title } · Gastgeber
host-share = Der Link für deine Gäste
host-poster = Aushang
host-keep = Du bist der Gastgeber. Die Adresse dieser Seite ist dein Schlüssel: Wer sie hat, kann die Veranstaltung ändern. Setze ein Lesezeichen, und behalte sie für dich.
host-co-host = Du bist Mitgastgeber. Wer die Adresse dieser Seite hat, kann die Veranstaltung bearbeiten und absagen.
host-check-in = Wer die Adresse dieser Seite hat, sieht, wer kommt, mit Antworten und Nachrichten.
host-event = Die Veranstaltung
host-edit = Bearbeiten
host-close = Anmeldung schließen
host-open = Anmeldung wieder öffnen
host-cancel = Veranstaltung absagen
host-cancel-sure = Niemand kann sich mehr anmelden, und auf der Seite steht, dass die Veranstaltung abgesagt ist. Die Liste bleibt. Bitte sag deinen Gästen Bescheid.
host-reopen = Die Veranstaltung findet doch statt
host-archive = Veranstaltung archivieren
host-unarchive = Veranstaltung wieder öffnen
host-archive-sure = Niemand kann sich mehr anmelden, und die Veranstaltung gehört nicht mehr zu den aktuellen. Du kannst das rückgängig machen.
host-coming = { $number ->
    [one] { $number } kommt
   *[other] { $number } kommen
}
host-coming-guests = { $guests ->
    [one] { $number } kommen ({ $names } + 1 Gast)
   *[other] { $number } kommen ({ $names } + { $guests } Gäste)
}
host-waiting = { $number } auf der Warteliste
host-waiting-guests = { $guests ->
    [one] { $number } auf der Warteliste ({ $names } + 1 Gast)
   *[other] { $number } auf der Warteliste ({ $names } + { $guests } Gäste)
}
host-unanswered = { $number } ohne Antwort
host-answers-once = (eine Antwort je Anmeldung, mit ihren Gästen)
host-too-few-places = { $number ->
    [one] Das ist 1 Person mehr, als es Plätze gibt. Niemand verliert einen Platz.
   *[other] Das sind { $number } Personen mehr, als es Plätze gibt. Niemand verliert einen Platz.
}
host-pending = { $number } noch nicht entschieden
host-waits = Warteliste: { $position }
host-waits-somewhere = auf der Warteliste
host-refused-guests = Möchte { $wanted } Gäste mitbringen. Für { $refused } davon war kein Platz.
host-address-email = E-Mail
host-address-sms = Handy
host-address-webhook = Webhook
host-address-on = Benachrichtigungen sind an
host-address-off = Benachrichtigungen sind aus
host-address-unconfirmed = nicht bestätigt
host-address-no-sender = keine Nachrichten, weil dieser Server keine schickt
host-promote = Platz geben
host-promote-name = { $name } einen Platz geben
host-personal-link = Persönlicher Link
host-personal-link-name = Persönlicher Link von { $name }
host-personal-link-of = Der persönliche Link von { $name }. Schick ihn nur dieser Person: Damit kann man die Anmeldung ändern und absagen.
host-remove = Entfernen
host-remove-sure = Damit steht die Person nicht mehr auf der Liste. Plätze, die frei werden, gehen an die Warteliste. Die Person wird nicht benachrichtigt.
host-raise = Für { $name } ist kein Platz. Die Zahl der Plätze auf { $capacity } erhöhen?
host-raise-submit = Erhöhen und Platz geben
host-raise-cancel = Nein
host-add = Jemanden hinzufügen
host-add-name = Name
host-add-guests = Gäste
host-add-guests-hint = Höchstens { $most }.
host-add-email-hint = Für den persönlichen Link und Neues zu dieser Veranstaltung. Andere Gäste sehen sie nicht.
host-add-submit = Auf die Liste setzen
host-name-taken = Dieser Name steht schon auf der Liste. Füge einen Zusatz hinzu, etwa „Ana K.“
host-not-waiting = Diese Person steht nicht mehr auf der Warteliste.
host-nobody = Niemand mit diesem Namen steht mehr auf der Liste.
host-print = Liste drucken
host-csv = Als Tabelle herunterladen
host-too-many = Das sind zu viele Leute für eine Seite.
host-links = Links für Helfer
host-link-host = Gastgeber
host-link-host-hint = Darf alles. Das ist dein eigener Link.
host-link-co-host = Mitgastgeber
host-link-co-host-hint = Darf die Veranstaltung bearbeiten und absagen, und Leute hinzufügen und entfernen.
host-link-check-in = Einlass
host-link-check-in-hint = Sieht, wer kommt, mit Antworten und Nachrichten, und ändert nichts.
host-revoke = Diesen Link ersetzen
host-revoke-sure = Wer den alten Link hat, kann ihn nicht mehr benutzen.
host-done-created = Deine Veranstaltung ist fertig. Schick deinen Gästen den Link, und setze ein Lesezeichen auf diese Seite: Sie ist dein Schlüssel.
host-done-repeated = Du hattest diese Veranstaltung schon angelegt. Hier kannst du sie bearbeiten.
host-done-edited = Gespeichert. Niemand wird benachrichtigt, sag also bitte deinen Gästen, was sich geändert hat.
host-done-added = Auf die Liste gesetzt.
host-done-added-waiting = Für die Gruppe ist kein Platz, deshalb steht sie jetzt auf der Warteliste.
host-done-promoted = Der Platz gehört der Person gleich. Die Liste zeigt es.
host-done-removed = Von der Liste entfernt.
host-moved-up = Von der Warteliste haben jetzt einen Platz: { $names }.
host-done-closed = Die Anmeldung ist geschlossen.
host-done-opened = Die Anmeldung ist wieder offen. Sie endet nicht mehr von selbst; das änderst du, indem du die Veranstaltung bearbeitest.
host-done-cancelled = Die Veranstaltung ist abgesagt.
host-done-archived = Die Veranstaltung ist archiviert.
host-done-reopened = Die Veranstaltung findet wieder statt.
host-done-revoked = Der Link ist ersetzt, und der alte gilt nicht mehr. War es dein eigener, setze ein neues Lesezeichen auf diese Seite.
print-here = Da
print-name = Name
print-guests = Gäste
print-note = Nachricht

# Was mit einem Feld nicht stimmt.
field-missing = Bitte fülle das aus.
field-too-long = Bitte kürze das auf { $limit } Zeichen.
field-too-many-bytes = Bitte kürze das.
field-characters = Darin ist ein Zeichen, das man nicht anzeigen kann. Bitte entferne es.
field-no-letters = Bitte nimm mindestens einen Buchstaben oder eine Ziffer.
field-hash = Bitte beginne mit einem anderen Zeichen als #.
field-link = Bitte lass Webadressen und Punkte zwischen Wörtern weg.
field-email = Das ist keine E-Mail-Adresse. Schreib sie so: ana@example.org.
field-phone = Bitte schreib die Nummer mit Landesvorwahl, etwa +4915112345678.
field-one-contact = Bitte gib entweder eine E-Mail-Adresse oder eine Telefonnummer an.
field-time = Bitte gib Datum und Uhrzeit an.
field-zone = Bitte wähle eine Zeitzone, etwa Europe/Berlin.
field-end = Das muss nach dem Beginn liegen.
field-past = Diese Zeit liegt in der Vergangenheit.
field-range = Bitte wähle eine Zahl von { $least } bis { $most }.
field-choice = Bitte wähle eine der Möglichkeiten.
field-other = Bitte prüfe das.

# Was schiefging, und was man tun kann.
error-malformed-title = Diese Anfrage verstehen wir nicht
error-malformed = Bitte geh zurück und versuche es noch einmal.
error-organiser-title = Nur für den Veranstalter
error-organiser = Bitte melde dich mit dem Schlüssel des Veranstalters an.
error-forbidden-title = Das erlaubt dieser Link nicht
error-forbidden = Bitte den Gastgeber um einen anderen Link.
error-not-found-title = Diese Seite finden wir nicht
error-not-found = Prüfe den Link, oder frage, wer ihn geschickt hat.
error-no-event = Diese Veranstaltung gibt es nicht. Prüfe den Link, oder frage, wer ihn geschickt hat. Vielleicht wurde sie auch gelöscht.
error-unknown-event = Wir finden diese Veranstaltung nicht. Bitte gib ihren ganzen Link an. Er steht in der Nachricht, mit der du eingeladen wurdest.
error-other-site = Dieses Formular kam von einer anderen Seite. Bitte öffne die Seite hier noch einmal.
error-incomplete-link = Dieser Link stimmt nicht. Bitte kopiere den ganzen Link, und nichts anderes.
error-host-link = Dieser Link ist unvollständig oder nicht mehr gültig. Kopiere den ganzen Link, oder bitte den Gastgeber um einen neuen.
error-not-yours = Dieser Link gehört zu einer anderen Anmeldung mit diesem Namen. Er kann die auf der Liste nicht ändern.
error-no-person = Zu diesem Namen ist nichts gespeichert. Bitte prüfe die Schreibweise.
error-no-person-there = Zu diesem Namen und dieser Veranstaltung gibt es keine Daten. Bitte prüfe beide Schreibweisen.
error-no-longer = Diese Anmeldung steht nicht mehr auf der Liste. Bitte melde dich noch einmal an.
error-too-slow-title = Das hat zu lange gedauert
error-too-slow = Vielleicht hat es trotzdem geklappt. Bitte sieh nach, bevor du es noch einmal versuchst.
error-conflict-title = Das geht gerade nicht
error-conflict = Inzwischen hat sich etwas geändert. Bitte lade die Seite neu.
error-too-large-title = Das ist zu lang
error-too-large = Bitte kürze deinen Text.
error-field-title = Bitte prüfe deine Eingaben
error-too-many-title = Zu viele Anfragen
error-too-many = Bitte warte einen Moment und versuche es noch einmal.
error-unavailable-title = Das geht gerade nicht
error-unavailable = Bitte versuche es gleich noch einmal.
error-internal-title = Etwas ist schiefgegangen
error-internal = Es liegt an uns und ist protokolliert. Bitte versuche es später noch einmal.

# Die Seiten des Veranstalters.
organiser-title = Veranstalter
organiser-guests = Diese Seiten sind für alle, die diesen Server betreiben. Gäste und Gastgeber brauchen nur ihre Links.
organiser-key = Schlüssel des Veranstalters
organiser-key-hint = Beim Start zeigt der Server, wo der Schlüssel liegt.
organiser-wrong-key = Das ist nicht der Schlüssel des Veranstalters.
organiser-too-many-attempts = Zu viele Versuche. Bitte warte eine Minute und versuche es noch einmal.
organiser-login = Anmelden
organiser-logout = Ausloggen
organiser-event = Veranstaltung
organiser-event-hint = Ihr Titel oder ihr Link.
organiser-name = Name
organiser-contact = Kontakt
organiser-contact-hint = Eine E-Mail-Adresse, eine Telefonnummer wie +14155552671 oder ein https-Webhook. Andere sehen das nicht.
organiser-contact-invalid = Bitte gib eine E-Mail-Adresse wie ana@example.org, eine Telefonnummer wie +14155552671 oder eine https-Adresse an.
organiser-all-events = Der Titel oder der Link der Veranstaltung. Lass das leer für alle Veranstaltungen.
organiser-event-ambiguous = Mehrere Veranstaltungen heißen so. Gib den Link zu derjenigen an, die du meinst.
organiser-events = Nächste Veranstaltungen
organiser-events-more = Alle Veranstaltungen durchsuchen, auch vergangene und archivierte
organiser-buttons = Knöpfe registrieren und sehen, was jeder bewirkt

organiser-import = Import
organiser-import-open = Tabelle einfügen
organiser-import-table = Tabelle
organiser-import-hint = Füge die Zeilen einer Tabelle oder einer CSV-Datei ein. Die erste Zeile nennt die Spalten: event und name, und wenn du willst email, phone, webhook, guests, answer und note. Höchstens 1.000 Zeilen.
organiser-import-submit = Diese Leute anmelden
organiser-import-check = Eine Anmeldung, die ihre Veranstaltung ablehnt, zum Beispiel weil die Anmeldung geschlossen ist, steht dann unter „{ $attention }“.
organiser-import-accepted = { $number ->
    [0] Niemand wurde angemeldet.
    [one] 1 Anmeldung wurde angenommen. Sie steht gleich auf der Liste.
   *[other] { $number } Anmeldungen wurden angenommen. Sie stehen gleich auf den Listen.
}
organiser-import-refused = { $number ->
    [one] 1 Zeile konnte nicht importiert werden. Bitte verbessere sie unten und sende sie noch einmal.
   *[other] { $number } Zeilen konnten nicht importiert werden. Bitte verbessere sie unten und sende sie noch einmal.
}
organiser-import-row = Zeile { $number }
organiser-import-ignored = Nicht beachtete Spalten: { $columns }.
organiser-import-new-events = Neue Veranstaltungen haben begonnen und stehen auf der Startseite: { $events }. Wenn du eine andere meintest, lösche die neue auf ihrer Seite und importiere ihre Zeilen noch einmal, mit dem Link der anderen als Veranstaltung.
organiser-import-repeat = In Zeile { $row } geht es um { $name }, wie in Zeile { $earlier }: Es gilt, was in Zeile { $row } steht. Sind es zwei Personen, füge bei einer einen Zusatz hinzu.
organiser-import-empty = Es gibt keine Zeilen. Die erste Zeile muss die Spalten nennen, zum Beispiel event,name,email.
organiser-import-columns = Die erste Zeile muss die Spalten event und name nennen, und keine Spalte doppelt.
organiser-import-too-many = Bitte füge höchstens 1.000 Zeilen auf einmal ein.
organiser-import-unreadable = Wir können diese Tabelle nicht lesen. Bitte füge sie noch einmal ein.
organiser-import-several-contacts = Bitte gib nur eines von email, phone und webhook an.
organiser-import-unnamed-column = Spalte { $column } enthält Text, hat aber in der ersten Zeile keinen Namen. Gib ihr einen Namen, oder leere die Zelle.
organiser-import-ignored-contact = „{ $column }“ enthält eine E-Mail-Adresse oder eine Telefonnummer, wird aber nicht importiert. Nenne die Spalte email oder phone, oder entferne sie.
organiser-import-rounded-phone = Die Tabelle hat die Telefonnummer gerundet. Formatiere die Spalte als Text und gib die Nummer noch einmal ein.
organiser-import-open-quote = Ein Anführungszeichen hat kein Gegenstück. Bitte entferne es.

organiser-export = Export
organiser-export-hint = Eine Tabelle aller Angemeldeten mit Kontakten, Antworten und Notizen.
organiser-export-submit = CSV herunterladen

organiser-limits = Grenzen
organiser-limit-opt-ins = In dieser Stunde wurden { $spent } von höchstens { $limit } Bestätigungsanfragen gesendet.
organiser-limit-texts = Heute (UTC) wurden { $spent } von höchstens { $limit } SMS gesendet.
organiser-limit-answers = Heute (UTC) wurden { $spent } von höchstens { $limit } SMS mit Bestätigungsanfragen und persönlichen Links gesendet.
organiser-limit-reached = Die Grenze ist erreicht, deshalb werden keine weiteren gesendet.
organiser-limit-no-texts = Dieser Server sendet keine SMS.
organiser-limit-countries = SMS gehen nur an Mobiltelefone in { $countries }, in den Stunden { $hours }.
organiser-no-notifications = Dieser Server sendet keine Benachrichtigungen.
organiser-no-messages = Dieser Server sendet keine E-Mails und keine SMS, weil kein Mailserver eingerichtet ist.

organiser-outbox = Postausgang
organiser-outbox-count = { $number ->
    [0] Keine Nachricht wartet auf den Versand.
    [one] 1 Nachricht wartet auf den Versand.
   *[other] { $number } Nachrichten warten auf den Versand.
}
organiser-outbox-show = Nachrichten ansehen
organiser-outbox-none = Keine Nachricht wartet auf den Versand.
organiser-outbox-opt-in = Bestätigungsanfrage
organiser-outbox-link = Persönlicher Link
organiser-outbox-seat = Nachricht über einen Platz
organiser-outbox-digest = Nachricht über Zu- und Absagen
organiser-outbox-to = An
organiser-outbox-everybody = Alle, die allen Veranstaltungen folgen
organiser-outbox-since = Wartet seit
organiser-outbox-due = Nächster Versuch
organiser-outbox-attempts = Bisherige Versuche
organiser-outbox-failure = Letzter Fehler
organiser-outbox-retry = Jetzt noch einmal versuchen
organiser-outbox-drop = Verwerfen…
organiser-outbox-drop-sure = Die Nachricht wird entfernt und nicht mehr versucht. Wenn sie gerade gesendet wird, kommt sie vielleicht noch an.
organiser-outbox-drop-submit = Diese Nachricht verwerfen
organiser-outbox-next = Weitere Nachrichten
organiser-outbox-attempted = Diese Nachricht wird gerade gesendet, oder das Ergebnis des letzten Versuchs ist nicht bekannt. Sie wird von selbst noch einmal versucht.
organiser-outbox-gone = Diese Nachricht ist nicht mehr im Postausgang. Sie wurde gesendet oder verworfen.
organiser-outbox-unlisted = Der Postausgang dieses Servers ist eine Warteschlange, deren Nachrichten sich nicht auflisten lassen.

organiser-remove = Daten einer Person entfernen
organiser-remove-open = Entfernen…
organiser-remove-sure = Das nimmt die Person von der Liste und löscht endgültig, was unter diesem Namen gespeichert ist: Kontakte, Nachrichten, um die du dich kümmern musst, und Knöpfe.
organiser-remove-check = Ich bin sicher
organiser-remove-unsure = Bitte kreuze das an, wenn du sicher bist.
organiser-remove-done = Alles, was unter diesem Namen gespeichert war, wurde entfernt.
organiser-remove-submit = Endgültig entfernen

# Nachrichten, die nicht verarbeitet werden konnten.
attention-title = Zu erledigen
attention-none = Alle Nachrichten wurden verarbeitet.
attention-count = { $number ->
    [one] 1 Nachricht ist zu erledigen
   *[other] { $number } Nachrichten sind zu erledigen
}
attention-count-or-more = { $number } oder mehr Nachrichten sind zu erledigen
attention-show = Ansehen und verbessern
attention-next = Weitere Nachrichten
attention-back = Zurück zu „Zu erledigen“
attention-arrived = Angekommen
attention-times = { $number ->
    [one] 1 Nachricht
   *[other] { $number } Nachrichten, und dies ist die letzte
}
attention-action = Aktion
attention-action-sign-up = Anmelden
attention-action-cancel = Abmelden
attention-action-send-link = Den persönlichen Link noch einmal senden
attention-action-change = Die Angaben ändern
attention-contact-email = E-Mail
attention-contact-sms = Telefon
attention-contact-webhook = Webhook
attention-channel = Kanal
attention-channel-http = Seite oder API
attention-channel-cli = Veranstalter
attention-channel-button = Knopf
attention-channel-alexa = Alexa
attention-channel-queue = Warteschlange
attention-channel-import = Import
attention-time = Angefragt
attention-missing = fehlt
attention-unknown = unbekannt
attention-press = Druck
attention-press-single = Einmal gedrückt
attention-press-double = Zweimal gedrückt
attention-press-triple = Dreimal gedrückt
attention-press-long = Lang gedrückt
attention-press-time = Gedrückt
attention-field = { $field }: { $problem }
attention-unreadable = Das ist weder eine Anmeldung noch ein Knopfdruck, den wir lesen können.
attention-unregistered = Kein Knopf mit dieser Seriennummer ist registriert.
attention-registered = Dieser Knopf ist registriert: { $name }, { $event }. Du kannst die Nachricht noch einmal senden.
attention-unknown-action = Der Knopf hat „{ $action }“ gemeldet, und wir wissen nicht, ob das ein Druck ist. Melde stattdessen jemanden an, oder verwirf die Nachricht.
attention-no-action = Der Knopf tut bei diesem Druck nichts. Verwirf die Nachricht, oder registriere den Knopf noch einmal mit einer anderen Aktion.
attention-still-wrong = Diese Nachricht lässt sich immer noch nicht verarbeiten. Bitte verbessere oder verwirf sie.
attention-now-fine = Diese Nachricht kann jetzt verarbeitet werden, du kannst sie also noch einmal senden. Der Grund war:
attention-raw = Nachricht, wie sie ankam
attention-register = Diesen Knopf registrieren
attention-register-hint = Einmal drücken meldet diese Person an, lang drücken meldet sie ab.
attention-instead = Stattdessen jemanden anmelden
attention-correct = Verbessern und noch einmal senden
attention-keep-contact = Leer lassen, um den Kontakt in der Nachricht zu behalten.
attention-no-contact = Den Kontakt aus der Nachricht entfernen
attention-guests = Gäste
attention-answer = Antwort auf die Frage des Gastgebers
attention-note = Nachricht an den Gastgeber
attention-send = Noch einmal senden
attention-discard = Verwerfen…
attention-discard-sure = Die Nachricht wird gelöscht und nie verarbeitet.
attention-discard-submit = Diese Nachricht verwerfen
attention-gone = Diese Nachricht ist nicht mehr hier. Sie wurde noch einmal gesendet oder verworfen.
attention-done-processed = Die Nachricht wurde noch einmal gesendet und verarbeitet.
attention-done-sent = Die Nachricht wurde noch einmal gesendet. Wenn sie nicht verarbeitet werden kann, steht sie gleich wieder in dieser Liste.
attention-done-discarded = Die Nachricht wurde verworfen.
attention-all = Alle noch einmal senden
attention-all-hint = Zum Beispiel nach einer Störung. Lass ein Feld leer, um alle Nachrichten einzuschließen.
attention-all-reason = Grund enthält
attention-all-since = Zu erledigen seit
attention-all-since-hint = Die Zeit ist in UTC.
attention-sent = { $number ->
    [one] 1 Nachricht wurde noch einmal gesendet.
   *[other] { $number } Nachrichten wurden noch einmal gesendet.
}
attention-kept = { $number ->
    [one] 1 Nachricht musst du erst verbessern.
   *[other] { $number } Nachrichten musst du erst verbessern.
}
attention-more = Es gibt weitere Nachrichten. Geh zurück und sende alle noch einmal.

# Die Seite der Knöpfe.
button-title = Knöpfe
button-what = Ein Knopf ist ein kleines Gerät. Wer ihn drückt, wird angemeldet.
button-none = Noch ist kein Knopf registriert.
button-for = { $name } für { $event }
button-serial = Seriennummer
button-new-event = Diese Veranstaltung gibt es noch nicht. Sie beginnt mit dem ersten Druck. Wenn du eine andere meintest, registriere den Knopf noch einmal mit deren Link.
button-single = Einmal drücken
button-double = Zweimal drücken
button-triple = Dreimal drücken
button-long = Lang drücken
button-sign-up = Anmelden
button-cancel = Abmelden
button-nothing = Nichts tun
button-http = Für ein Gerät, das über HTTP sendet
button-secret = Geheimnis
button-remove = Entfernen…
button-remove-sure = Der Knopf bewirkt nichts mehr. Wird er trotzdem gedrückt, steht die Nachricht unter „Zu erledigen“.
button-remove-submit = Diesen Knopf entfernen
button-next = Weitere Knöpfe
button-register = Einen Knopf registrieren
button-name-hint = Der Knopf meldet diese Person an.
button-submit = Registrieren
button-attention = Unbekannte Knöpfe stehen unter „Zu erledigen“

# Die Seiten des Links in einer Bestätigungsanfrage.
optin-title = Nachrichten an deine Adresse
optin-question = Du (oder jemand mit deiner Adresse) hast { $name } für { $event } angemeldet. Möchtest du kurze Nachrichten an diese Adresse, wenn andere zu- oder absagen?
optin-question-address = Du (oder jemand mit deiner Adresse) hast dich für eine Veranstaltung angemeldet. Möchtest du kurze Nachrichten an diese Adresse, wenn andere zu- oder absagen?
optin-on = Nachrichten über { $event } sind an, weil { $name } angemeldet ist. Du bekommst an diese Adresse eine kurze Nachricht, wenn andere zu- oder absagen.
optin-on-others = Das gilt auch für jede andere Anmeldung mit dieser Adresse.
optin-on-all = Nachrichten sind an für jede Anmeldung mit dieser Adresse. Du bekommst eine kurze Nachricht, wenn andere zu- oder absagen.
optin-on-confirmed = Nachrichten sind an für die Anmeldungen, die du bestätigt hast. Du bekommst an diese Adresse eine kurze Nachricht, wenn andere zu- oder absagen.
optin-registration-off = Nachrichten über { $event } für { $name } sind aus.
optin-off = An diese Adresse wird nichts gesendet.
optin-not-confirmed = Du hast Nachrichten an diese Adresse nicht zugestimmt.
optin-ended = { $name } steht nicht mehr auf der Liste für { $event }.
optin-event-deleted = Die Veranstaltung, für die { $name } angemeldet war, wurde gelöscht.
optin-other-contact = Die Anmeldung von { $name } für { $event } hat diese Adresse nicht mehr.
optin-yes = Ja, für diese Anmeldung
optin-yes-again = Ja, für diese Anmeldung und die, die du früher bestätigt hast
optin-yes-all = Ja, für alles an diese Adresse
optin-yes-all-hint = Auch für Anmeldungen, die andere mit ihr machen.
optin-stop = Alle Nachrichten beenden
optin-never = Nein, nie

# Eine Veranstaltung löschen.
delete-title = Diese Veranstaltung löschen
delete-what = { $number ->
    [0] { $title } und die leere Liste werden gelöscht.
    [one] { $title } und 1 Anmeldung werden gelöscht.
   *[other] { $title } und { $number } Anmeldungen werden gelöscht.
}
delete-contents = Das löscht die Angaben, die Liste mit Kontakten, Antworten und Notizen, die Nachrichten auf den Seiten der Angemeldeten, die zu erledigenden Nachrichten und die Knöpfe dieser Veranstaltung. Es lässt sich nicht rückgängig machen.
delete-guests = Niemand wird benachrichtigt, und persönliche Links gelten nicht mehr. Bitte sag es vorher deinen Gästen.
delete-sure = Endgültig löschen
delete-sure-missing = Bitte kreuze das an. Das Löschen lässt sich nicht rückgängig machen.
delete-submit = Diese Veranstaltung löschen
delete-unfinished = Die Veranstaltung ist nicht mehr zu finden. Ein Teil ihrer Daten ist noch gespeichert.
delete-continue = Weiter
delete-done-title = Veranstaltung gelöscht
delete-done = Die Veranstaltung und alles, was zu ihr gehört, ist gelöscht.
delete-back-host = Zurück zur Seite des Gastgebers
