"""One message to a mail server, over TLS that is verified. What a server says in words is not repeated, only its code."""

from __future__ import annotations

import smtplib
import ssl

from drill.notify.configuration import Mail
from drill.notify.notice import Notice
from drill.notify.patience import Definite, Transient

_PATIENCE_S = 10.0  # for each step


def send(mail: Mail, notice: Notice, left_s: float) -> None:
    """Raises Transient (no connection, no answer, codes 4xx), Definite (everything else but success), NoSecret."""
    context = ssl.create_default_context(cafile=str(mail.ca_file) if mail.ca_file is not None else None)
    message = notice.as_mail(mail)
    password = mail.password.read() if mail.password is not None else None
    patience_s = min(_PATIENCE_S, left_s)
    try:
        with _connected(mail, context, patience_s) as server:
            if mail.user is not None and password is not None:
                server.login(mail.user, password)
            refused = server.send_message(message, mail.sender, mail.to)
    except ssl.SSLCertVerificationError as error:
        raise Definite(f"{mail.host}: certificate not trusted: {error.verify_message}") from error
    except smtplib.SMTPNotSupportedError as error:  # its words are those of the library
        raise Definite(f"{mail.host}: {error}") from error
    except smtplib.SMTPResponseException as error:
        # a server may repeat what it was given: no words of its own, and no cause that shows them
        raise _by_code(f"{mail.host}: answered {error.smtp_code}", error.smtp_code) from None
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _ in error.recipients.values())
        raise _by_code(f"{mail.host}: refused all {len(error.recipients)} recipients ({code})", code) from None
    except smtplib.SMTPException as error:
        raise Transient(f"{mail.host}: no connection ({type(error).__name__})") from None
    except TimeoutError as error:
        raise Transient(f"{mail.host}: no answer in time") from error
    except OSError as error:
        raise Transient(f"{mail.host}: no connection") from error
    if refused:
        raise Definite(f"{mail.host}: refused {len(refused)} of {len(mail.to)} recipients, the others were told")


def _connected(mail: Mail, context: ssl.SSLContext, patience_s: float) -> smtplib.SMTP:
    if mail.tls == "tls":
        return smtplib.SMTP_SSL(mail.host, mail.port, timeout=patience_s, context=context)
    server = smtplib.SMTP(mail.host, mail.port, timeout=patience_s)
    try:
        server.starttls(context=context)
    except OSError:  # an SMTPException is one, too
        server.close()
        raise
    return server


def _by_code(why: str, code: int) -> Transient | Definite:
    return Definite(why) if code >= 500 else Transient(why)
