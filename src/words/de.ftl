# What an SMS says must keep to GSM-7's alphabet: no curly quotes, no long dashes.

# An announcement: title, who joined and left, how many are in.
line = { $title }: { $news }.
news = { $moves }; { $in }
both = { $joined }, { $left }
in = { $number ->
    [0] niemand ist dabei
    [one] es ist { $number } dabei
   *[other] es sind { $number } dabei
}

# $who is a list of names, $number how many they are.
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

# Instead of a title of which nothing fits.
untitled = Event

announcement-email =
    { $line }

    Sieh, wer dabei ist, ändere deine Angaben oder sag ab:
    { $link }

    Wenn du nichts mehr davon hören willst, öffne den Link und nimm diese Adresse heraus.
    .subject = { $title }: { $news }

confirm-sms = { $title }: Möchtest du hören, wer dabei ist? Bestätige es hier, sonst ignoriere dies.
confirm-email =
    Jemand, vermutlich du, hat sich an diese Adresse Nachrichten gewünscht, wenn bei „{ $title }“ jemand dazukommt oder absagt.

    Wenn du sie möchtest, öffne diesen Link und bestätige es:
    { $link }

    Wenn nicht, ignoriere dies: Ohne deine Bestätigung kommen keine.
    .subject = { $title }: Möchtest du hören, wer dabei ist?

link-again-sms = { $title }: Hier ist dein Link noch einmal.
link-again-email =
    Hier ist noch einmal dein Link zu „{ $title }“:
    { $link }

    Mit ihm siehst du, wer dabei ist, änderst deine Angaben oder sagst ab. Wer ihn hat, kann das auch; behalte ihn also für dich.

    Wenn du nicht darum gebeten hast, ignoriere dies.
    .subject = { $title }: Noch einmal dein Link
