# What an SMS says must keep to GSM-7's alphabet: no curly quotes, no long dashes.

# An announcement: title, who joined and left, how many are in.
line = { $title }: { $news }.
news = { $moves }; { $in }
both = { $joined }, { $left }
in = { $number ->
    [0] nobody is in
    [one] { $number } is in
   *[other] { $number } are in
}

# $who is a list of names, $number how many they are.
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

# Instead of a title of which nothing fits.
untitled = Event

announcement-email =
    { $line }

    See who is coming, change your sign-up or leave:
    { $link }

    To hear no more of it, open that link and take this address out.
    .subject = { $title }: { $news }

confirm-sms = { $title }: do you want to hear who joins? Confirm here, or ignore this.
confirm-email =
    Somebody, probably you, asked for messages to this address when people join or leave “{ $title }”.

    If you want them, open this link and confirm:
    { $link }

    If not, ignore this: without your confirmation there will be none.
    .subject = { $title }: do you want to hear who joins?

link-again-sms = { $title }: here is your link again.
link-again-email =
    Here is your link for “{ $title }” again:
    { $link }

    With it you see who is coming, change your sign-up or leave. Whoever has it can do the same, so keep it to yourself.

    If you did not ask for it, ignore this.
    .subject = { $title }: your link again
