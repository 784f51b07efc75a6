"""By which ways are people told? Each takes a message, or says what was heard instead."""

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import format_datetime
from enum import StrEnum
from typing import Protocol

from claimgw.clearinghouse.alerts.news import Message
from claimgw.clearinghouse.post import Post
from claimgw.messages.encode import encode

# One step of the talk with the mail server, and all of it.
_STEP_SECONDS, _ALL_SECONDS = 10.0, 30.0
_LONGEST_SUBJECT = 200


class Channel(Protocol):
    """One way to people."""

    @property
    def name(self) -> str:
        """As the log calls it."""

    async def tell(self, message: Message) -> str:
        """What was heard instead of a "yes"; "" if it was one. Never raises for a server that is away."""

    async def close(self) -> None:
        """Let go of connections."""


@dataclass(frozen=True, slots=True)
class Webhook:
    """Signed as the notices to providers are."""

    address: str
    secret: str = field(repr=False)
    post: Post

    name = "webhook"

    async def tell(self, message: Message) -> str:
        return await self.post.send(self.address, self.secret, message.id, encode(message.tree()))

    async def close(self) -> None:
        await self.post.close()


class MailTls(StrEnum):
    """How the way to the mail server is guarded."""

    STARTTLS = "starttls"
    TLS = "tls"  # from the first byte on
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Mail:
    """To people's inboxes, by one server."""

    host: str
    port: int
    sender: str
    to: Sequence[str]
    tls: MailTls = MailTls.STARTTLS
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    name = "mail"

    async def tell(self, message: Message) -> str:
        try:
            async with asyncio.timeout(_ALL_SECONDS):
                await asyncio.to_thread(self._send, self._written(message))
        except smtplib.SMTPResponseException as fault:
            return str(fault.smtp_code)
        except (smtplib.SMTPException, OSError) as fault:
            return type(fault).__name__
        return ""

    async def close(self) -> None:
        """Nothing is kept open."""

    def _written(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"] = self.sender, ", ".join(self.to)
        mail["Subject"] = message.subject[:_LONGEST_SUBJECT]
        mail["Date"] = format_datetime(message.at)
        mail["Message-ID"] = f"<{message.id}@claimgw>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(message.body)
        return mail

    def _send(self, mail: EmailMessage) -> None:
        """Blocks."""
        trust = None if self.tls is MailTls.NONE else ssl.create_default_context()
        with self._connected(trust) as server:
            if trust is not None and self.tls is MailTls.STARTTLS:
                server.starttls(context=trust)
            if self.user is not None and self.password is not None:
                server.login(self.user, self.password)
            server.send_message(mail)

    def _connected(self, trust: ssl.SSLContext | None) -> smtplib.SMTP:
        if self.tls is MailTls.TLS:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=_STEP_SECONDS, context=trust)
        return smtplib.SMTP(self.host, self.port, timeout=_STEP_SECONDS)
