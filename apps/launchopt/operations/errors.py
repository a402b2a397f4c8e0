"""What can be wrong with a request, by name. The API and the commands turn these into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One fault, and where it is: a JSON pointer such as `/budget`."""

    pointer: str
    detail: str


class LaunchOptError(Exception):
    """A request that cannot be carried out, with the reason for a person."""

    status = 400
    title = "The request cannot be carried out."

    def __init__(self, detail: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = list(errors)


class InvalidInput(LaunchOptError):
    """The input breaks a rule."""

    title = "The input is not valid."

    @classmethod
    def at(cls, pointer: str, detail: str) -> InvalidInput:
        """An error of one field."""
        return cls(detail, [FieldError(pointer, detail)])


class NotFound(LaunchOptError):
    """What was named does not exist."""

    status = 404
    title = "Not found."


class Conflict(LaunchOptError):
    """The thing is not in a state that allows this."""

    status = 409
    title = "Not possible in this state."


class NotAllowed(LaunchOptError):
    """The person or program may not do this."""

    status = 403
    title = "Not allowed."
