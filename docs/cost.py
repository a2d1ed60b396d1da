#!/usr/bin/env python3
"""Prints what a million sign-ups cost on AWS, and a month in which nobody signs up: the tables of docs/aws.md.

Prices are AWS's list prices in us-east-1 in US dollars, without any free tier; other regions and later days differ.
Counts are those of the code, and each names the tests that count them.
"""

from pathlib import Path

TEMPLATE = (Path(__file__).parent.parent / "template.yaml").read_text()

PRICES = {  # for one, unless named otherwise
    "HTTP API request": 1.00e-6,
    "Lambda request": 0.20e-6,
    "Lambda GB second": 0.0000166667,
    "SQS request": 0.40e-6,
    "DynamoDB write unit": 0.625e-6,
    "DynamoDB read unit": 0.125e-6,
    "SNS publish": 0.50e-6,
    "Secrets Manager secret, a month": 0.40,
    "KMS key, a month": 1.00,
    "CloudWatch alarm, a month": 0.10,
    "CloudWatch dashboard, a month": 3.00,
}
PLURALS = {"SNS publish": "SNS publishes"}

BATCH = 10  # messages that `ingest` takes at once, by the template's default
STREAM_BATCH = 100  # changes that `fanout` takes at once

# A message is sent, received and deleted, alone or ten at a time (a sender may send ten at a time too). The tests in
# tests/aws/functions count the calls: api.rs for a sign-up over HTTP, ingest.rs for one call and one write unit per new
# sign-up, fanout.rs for one write to each event's digest per batch of the stream, deliver.rs for one notification.
# `api`, `ingest` and `fanout` each read the details of the event, and again after five seconds: under load at most once
# for a batch of sign-ups for one event. `fanout` also reads them once for a batch of the stream, to know when the event is
# over; it enters the event in the calendar at most once a day.
# One at a time, each sign-up is announced: three writes of the digest and one of the announcement. One of the writes is a
# transaction of both, which takes two units for each. The digest's index takes four units, two for each new key. The message
# to everybody who follows all events goes through the outbox. `deliver` claims its watermark and stores it, which takes two
# writes, and reads the event's details and announcements. The announcement reads the marker and the entries of the index of
# subscribers (fanout.rs and subscribers.rs count the calls). Under load an event is in its backoff, and a batch costs one write
# of its digest, which has about 100 bytes for each of a hundred new names.
WAYS = {
    "over HTTP, one at a time": {
        "HTTP API request": 1, "Lambda request": 4, "SQS request": 3 + 3, "DynamoDB write unit": 11 + 2,
        "DynamoDB read unit": 5 + 3 + 2, "SNS publish": 1,
    },
    "over HTTP, under load": {
        "HTTP API request": 1, "Lambda request": 1 + 1 / BATCH + 1 / STREAM_BATCH, "SQS request": 1 + 2 / BATCH,
        "DynamoDB write unit": 1 + 11 / STREAM_BATCH, "DynamoDB read unit": 1 / BATCH + 4 / STREAM_BATCH,
    },
    "on the queue, under load": {
        "Lambda request": 1 / BATCH + 1 / STREAM_BATCH, "SQS request": 3 / BATCH,
        "DynamoDB write unit": 1 + 11 / STREAM_BATCH, "DynamoDB read unit": 1 / BATCH + 4 / STREAM_BATCH,
    },
}

# If places are limited, a sign-up on the queue also costs a seat, in the transaction that stores the digest: two units, and
# two more for an entry on the waiting list. A batch takes two transactions, or three if everybody waits. The attendees and
# their seats are read: two units each (seats.rs). Who gets a place has waited: the seat and the entry are written, and read.
LIMITED = {
    "with a place": {"DynamoDB write unit": 2 + 2 * 11 / STREAM_BATCH, "DynamoDB read unit": 2},
    "on the waiting list": {"DynamoDB write unit": 4 + 3 * 11 / STREAM_BATCH, "DynamoDB read unit": 2},
}
PROMOTION = {"DynamoDB write unit": 4, "DynamoDB read unit": 3}

# One notification of an attendee, of many at once: also the attendee and the opt-in are read, and it is counted. The
# announcement has read the attendee before.
NOTIFICATION = {
    "Lambda request": 1 / BATCH, "SQS request": 3 / BATCH, "DynamoDB write unit": 3, "DynamoDB read unit": 4 + 1,
}

# An attendee who wants messages is entered in the index of subscribers. When they leave, their entry and they themselves are
# read, and the entry is deleted (subscribers.rs).
SUBSCRIPTION = {"DynamoDB write unit": 1}
END_OF_SUBSCRIPTION = {"DynamoDB write unit": 1, "DynamoDB read unit": 2}

# What the template creates, and what Lambda and the schedule request while nobody signs up.
MINUTES = 30 * 24 * 60
POLLS = 5 * 3  # a minute and queue: five at once, each waiting 20 s (Lambda developer guide, "Using Lambda with SQS")
MONTH = {
    "polling three empty queues": (3 * POLLS * MINUTES, "SQS request"),
    "the schedule of every minute": (MINUTES, "Lambda request"),
    "its query for due messages": (MINUTES, "DynamoDB read unit"),
    "its query for events that are over": (MINUTES, "DynamoDB read unit"),
    "its call for dead letters of the outbox": (MINUTES, "SQS request"),
    # An alarm on several metrics is charged for each.
    "metrics of the alarms": (TEMPLATE.count(" MetricName: "), "CloudWatch alarm, a month"),
    "dashboard": (1, "CloudWatch dashboard, a month"),
    "secrets": (TEMPLATE.count("Type: AWS::SecretsManager::Secret\n"), "Secrets Manager secret, a month"),
    "key of the operator's topic": (1, "KMS key, a month"),
}


def a_million(counts):
    return sum(count * PRICES[what] for what, count in counts.items()) * 1e6


def main():
    columns = list(WAYS["over HTTP, one at a time"])
    print("| a million sign-ups | " + " | ".join(PLURALS.get(column, f"{column}s") for column in columns) + " | USD |")
    print("|---|" + "---:|" * (len(columns) + 1))
    for way, counts in WAYS.items():
        numbers = [f"{counts.get(column, 0):.2f}".rstrip("0").rstrip(".") for column in columns]
        dollars = a_million(counts)
        print(f"| {way} | " + " | ".join(f"{number} M" if number != "0" else "" for number in numbers) + f" | {dollars:.2f} |")
    print()
    print("| a month without sign-ups | number | USD |")
    print("|---|---:|---:|")
    total = 0
    for what, (count, price) in MONTH.items():
        dollars = count * PRICES[price]
        total += dollars
        print(f"| {what} | {count:,} | {dollars:.2f} |")
    print(f"| **total** | | **{total:.2f}** |")
    print()
    begin, end = a_million(SUBSCRIPTION), a_million(END_OF_SUBSCRIPTION)
    print(f"A million sign-ups with a contact cost {begin:.2f} USD more, and {end:.2f} USD when these attendees leave or turn messages off.")
    place, wait = (a_million(LIMITED[way]) for way in ("with a place", "on the waiting list"))
    print(f"A million sign-ups for events with a limit cost {place:.2f} USD more if they get a place, and {wait:.2f} USD if they wait.")
    print(f"A million places for people who waited cost {a_million(PROMOTION):.2f} USD.")
    print("An announcement reads the attendees who get it, whatever the number of others on the roster.")
    print(f"A million notifications cost {a_million(NOTIFICATION):.2f} USD before they are sent. Sending them costs 0.60 USD by webhook,")
    print("20 USD by SNS's email, and 6,500 USD or more by text message to the US.")
    tenth = PRICES["Lambda GB second"] * 0.25 * 0.01 * 1e6
    print(f"Each 10 ms of running time adds {tenth:.2f} USD per million invocations with 256 MB.")


if __name__ == "__main__":
    main()
