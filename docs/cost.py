#!/usr/bin/env python3
"""Prints what a million sign-ups cost on AWS, and a month in which nobody signs up: the tables of the README.

Prices are AWS's list prices in us-east-1 in US dollars, without any free tier; other regions and later days differ.
Counts are those of the code, and each names the test that counts them.
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

BATCH = 10  # messages that `ingest` takes at once, by the template's default
STREAM_BATCH = 100  # changes that `fanout` takes at once

# Sent, handed out and taken off by Lambda: alone, or ten at a time (a sender may send ten at a time too).
# functions::api::a_sign_up_over_http_is_one_call_and_then_a_message_on_the_queue
# functions::ingest::per_new_signup_there_is_one_call_and_one_write_unit_and_per_batch_no_other_call
# functions::fanout::a_batch_of_the_stream_is_one_write_to_each_event_s_digest…: alone, each is announced: three writes of
# the digest, and four units of its index, which a new key takes two of. Under load an event is quiet, and a batch costs one
# write of its digest, which has about 100 bytes for each of a hundred new names.
WAYS = {
    "over HTTP, one at a time": {
        "HTTP API request": 1, "Lambda request": 3, "SQS request": 3, "DynamoDB write unit": 8, "DynamoDB read unit": 4,
        "SNS publish": 1,
    },
    "over HTTP, under load": {
        "HTTP API request": 1, "Lambda request": 1 + 1 / BATCH + 1 / STREAM_BATCH, "SQS request": 1 + 2 / BATCH,
        "DynamoDB write unit": 1 + 11 / STREAM_BATCH, "DynamoDB read unit": 3 / STREAM_BATCH,
    },
    "on the queue, under load": {
        "Lambda request": 1 / BATCH + 1 / STREAM_BATCH, "SQS request": 3 / BATCH,
        "DynamoDB write unit": 1 + 11 / STREAM_BATCH, "DynamoDB read unit": 3 / STREAM_BATCH,
    },
}

# What the template makes, and what Lambda and the schedule ask while nothing happens.
MINUTES = 30 * 24 * 60
POLLS = 5 * 3  # a minute and queue: five at once, each waiting 20 s (Lambda developer guide, "Using Lambda with SQS")
MONTH = {
    "two queues, asked whether there is something": (2 * POLLS * MINUTES, "SQS request"),
    "the schedule": (MINUTES, "Lambda request"),
    "its look at what waits": (MINUTES, "DynamoDB read unit"),
    # An alarm on several metrics is charged for each.
    "the alarms' metrics": (TEMPLATE.count(" MetricName: "), "CloudWatch alarm, a month"),
    "the dashboard": (1, "CloudWatch dashboard, a month"),
    "secrets": (TEMPLATE.count("Type: AWS::SecretsManager::Secret\n"), "Secrets Manager secret, a month"),
    "the key of the operator's topic": (1, "KMS key, a month"),
}


def main():
    columns = list(WAYS["over HTTP, one at a time"])
    print("| a million sign-ups | " + " | ".join(f"{column}s" for column in columns) + " | USD |")
    print("|---|" + "---|" * (len(columns) + 1))
    for way, counts in WAYS.items():
        numbers = [f"{counts.get(column, 0):.2f}".rstrip("0").rstrip(".") for column in columns]
        dollars = sum(count * PRICES[what] for what, count in counts.items()) * 1e6
        print(f"| {way} | " + " | ".join(f"{number} M" if number != "0" else "" for number in numbers) + f" | {dollars:.2f} |")
    print()
    print("| a month without any | | USD |")
    print("|---|---|---|")
    total = 0
    for what, (count, price) in MONTH.items():
        dollars = count * PRICES[price]
        total += dollars
        print(f"| {what} | {count:,} | {dollars:.2f} |")
    print(f"| **in all** | | **{total:.2f}** |")
    print()
    print("To people, for a million: 0.60 USD to webhooks, 20 by SNS's mail, 6,500 and more by text message to the US.")
    tenth = PRICES["Lambda GB second"] * 0.25 * 0.01 * 1e6
    print(f"Each 10 ms that a million invocations take at 256 MB are another {tenth:.2f} USD.")


if __name__ == "__main__":
    main()
