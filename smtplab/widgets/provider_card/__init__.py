"""The provider card: what a service asks for, offers, limits and refuses, live in the sandbox."""

from smtplab.widgets.provider_card.view import ProviderCard

__all__ = ["ProviderCard"]
