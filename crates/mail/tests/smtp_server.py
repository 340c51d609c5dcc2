"""A mail server to try mailers on. It stores what it takes and misbehaves on demand.

    smtp_server.py FOLDER [--starttls CERT KEY] [--tls CERT KEY] [--auth USER:PASSWORD]

Prints its port. Each mail becomes FOLDER/<n>.eml, with X-Peer (the connection it came on) and X-Sender, X-Recipients
of its envelope before its own headers. The recipient's name says what happens:
later@ 451, refused@ 550, closing@ 421, content@ 554 after the data, hang@ no answer, drop@ a closed connection,
late-drop@ a connection that closes after the data was taken.
"""

import argparse
import asyncio
import pathlib
import ssl

from aiosmtpd.smtp import SMTP, AuthResult

CODES = {"later": "451 4.3.0 <{}> try again", "refused": "550 5.1.1 <{}> no such user", "closing": "421 4.3.2 closing"}


class Handler:
    def __init__(self, folder):
        self.folder = folder
        self.count = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.split("@")[0]
        if name in CODES:
            return CODES[name].format(address)
        if name == "hang":
            await asyncio.sleep(3600)
        if name == "drop":
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        names = [address.split("@")[0] for address in envelope.rcpt_tos]
        if "content" in names:
            return "554 5.6.0 refused content"
        self.count += 1
        head = f"X-Peer: {session.peer[1]}\r\nX-Sender: {envelope.mail_from}\r\nX-Recipients: {','.join(envelope.rcpt_tos)}\r\n"
        head += f"X-Tls: {'yes' if session.ssl else 'no'}\r\nX-User: {session.auth_data or ''}\r\n"
        unfinished = self.folder / f"{self.count}.part"
        unfinished.write_bytes(head.encode() + envelope.original_content)
        unfinished.rename(self.folder / f"{self.count}.eml")
        if "late-drop" in names:
            server.transport.abort()
        return "250 OK"


def context(files):
    if not files:
        return None
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(*files)
    return made


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--starttls", nargs=2)
    parser.add_argument("--tls", nargs=2)
    parser.add_argument("--auth")
    args = parser.parse_args()
    handler = Handler(args.folder)
    options = {"tls_context": context(args.starttls), "require_starttls": bool(args.starttls)}
    if args.auth:
        wanted = tuple(part.encode() for part in args.auth.split(":", 1))

        def authenticate(server, session, envelope, mechanism, data):
            given = (data.login, data.password)
            return AuthResult(success=given == wanted, handled=False, auth_data=data.login.decode())

        options |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": False}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, **options), "127.0.0.1", 0, ssl=context(args.tls))
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
