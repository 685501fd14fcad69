"""What a central system's books hold of the certificates that it has signed. Spec: W A02, A03."""

from __future__ import annotations

from ocpp16.apps.central_system_books import Books
from ocpp16.roles.certificate_signing import NotSigned, Outcome, Signed

KIND = "security"


def note_signing(books: Books, outcome: Outcome) -> None:
    """Keep what came of a request for a certificate; what went wrong needs attention."""
    match outcome:
        case Signed(is_taken=True):
            text, is_good = "took a new certificate", True
        case Signed():
            text, is_good = "does not take the certificate that was signed for it", False
        case NotSigned(reason=reason):
            text, is_good = f"gets no certificate: {reason}", False
    if not is_good:
        books.remark(outcome.identity, text)
    books.record(outcome.identity, KIND, text)
