"""A mail server for tests, until its stdin ends.

Tells its port and then each mail it is offered, a line of JSON each. An address may ask to be refused: `mail-550` as the
sender's local part, `rcpt-550` or `data-550` as the recipient's, `rcpt-550-7.1` with that status, `rcpt-550-0` without one. The refusal holds the
address, as those of real servers do. What begins with `silence` as the recipient's gets no answer.
"""

import argparse
import asyncio
import email
import email.policy
import itertools
import json
import re
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

CONNECTIONS = itertools.count(1)


def tell(what):
    print(json.dumps(what), flush=True)


def refusal(step, address):
    asked = re.match(step + r"-([45])(\d\d)(?:-([0-9.]+))?@", address)
    status = "" if asked and asked[3] == "0" else f" {asked[1]}.{asked[3] or '1.1'}" if asked else ""
    return asked and f"{asked[1]}{asked[2]}{status} <{address}>: refused"


class Handler:
    def __init__(self):
        self.connection = next(CONNECTIONS)

    async def handle_MAIL(self, server, session, envelope, address, options):
        envelope.mail_from = address
        envelope.options = options
        return refusal("mail", address) or "250 2.1.0 go on"

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("silence"):
            await asyncio.Event().wait()
        if refused := refusal("rcpt", address):
            return refused
        envelope.rcpt_tos.append(address)
        return f"250 2.1.5 <{address}> go on"

    async def handle_DATA(self, server, session, envelope):
        raw = envelope.content.decode("utf-8" if envelope.smtp_utf8 else "ascii")
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        tell({
            "connection": self.connection,
            "encrypted": session.ssl is not None or server.transport.get_extra_info("ssl_object") is not None,
            "login": session.auth_data,
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "options": envelope.options,
            "raw": raw,
            "headers": [[name, str(value)] for name, value in message.items()],
            "defects": [str(defect) for value in [message, *message.values()] for defect in value.defects],
            "body": message.get_content(),
        })
        return refusal("data", envelope.rcpt_tos[0]) or "250 2.0.0 taken"


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--login", nargs=2, metavar=("USER", "PASSWORD"), help="take mail from nobody else")
    options.add_argument("--tls", choices=["implicit", "starttls"])
    options.add_argument("--smtputf8", action="store_true", help="take mail to addresses with any letters")
    options.add_argument("--certificate", help="a file in PEM, with its key")
    options = options.parse_args()

    def is_known(server, session, envelope, mechanism, data):
        login = [data.login.decode(), data.password.decode()]
        return AuthResult(success=login == options.login, handled=False, auth_data=login[0])

    tls = None
    if options.tls:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(options.certificate)

    def conversation():
        return SMTP(
            Handler(),
            hostname="mail.test",
            tls_context=tls if options.tls == "starttls" else None,
            require_starttls=options.tls == "starttls",
            authenticator=is_known if options.login else None,
            auth_required=bool(options.login),
            auth_require_tls=False,
            enable_SMTPUTF8=options.smtputf8,
        )

    loop = asyncio.get_running_loop()
    implicit = tls if options.tls == "implicit" else None
    server = await loop.create_server(conversation, "127.0.0.1", options.port, ssl=implicit)
    tell({"port": server.sockets[0].getsockname()[1]})
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
