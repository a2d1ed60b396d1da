"""Signs Melvin up and reads the roster, with the client that was made from docs/openapi.json."""

import json
import sys
import time

from client import Client
from client.api.roster import list_attendees
from client.api.signups import sign_up
from client.models import SignupRequest

client = Client(base_url=sys.argv[1])
accepted = sign_up.sync(event="Dance", client=client, body=SignupRequest(name="Melvin"))
deadline = time.monotonic() + 30
while True:
    roster = list_attendees.sync(event="dance", client=client)
    if roster.count or time.monotonic() > deadline:
        break
    time.sleep(0.02)
refused = sign_up.sync_detailed(event="Dance", client=client, body=SignupRequest(name=""))
print(json.dumps({
    "accepted": {"event": accepted.event, "name": accepted.name},
    "names": [attendee.name for attendee in roster.attendees],
    "problem": json.loads(refused.content)["type"],
}))
