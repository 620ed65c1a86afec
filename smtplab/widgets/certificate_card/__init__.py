"""The certificate card: what TLS with a server came to, and what a bad certificate does."""

from smtplab.widgets.certificate_card.view import CertificateCard

__all__ = ["CertificateCard"]
