"""Where do alerts arrive in tests? A webhook on a real socket, and an SMTP server that keeps the mails."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class PostOffice:
    """Takes mail, or says with a code that it does not."""

    refuses: bool = False
    mails: list[EmailMessage] = field(default_factory=list)
    port: int = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, as RFC 5321 has it; no more of it than is needed."""
        try:
            writer.write(b"220 post.example\r\n")
            while line := await reader.readline():
                word = line[:4].upper()
                if word == b"DATA":
                    writer.write(b"354 go on\r\n")
                    raw = (await reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n")
                    mail = message_from_bytes(raw, policy=policy.default)
                    assert isinstance(mail, EmailMessage)
                    self.mails.append(mail)
                elif word == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    return
                elif word == b"MAIL" and self.refuses:
                    writer.write(b"451 not now\r\n")
                    continue
                writer.write(b"250 well\r\n" if word != b"DATA" else b"250 taken\r\n")
        finally:
            writer.close()


@asynccontextmanager
async def post_office() -> AsyncIterator[PostOffice]:
    """It listens on loopback until the block ends."""
    office = PostOffice()
    server = await asyncio.start_server(office.talk, "127.0.0.1", 0)
    office.port = server.sockets[0].getsockname()[1]
    try:
        yield office
    finally:
        server.close()
        await server.wait_closed()
