"""Named errors for impossible input; each one is a ValueError that says what to change."""


class ImpossibleInput(ValueError):
    """The caller asked for something that has no answer."""


class NoPositiveWeight(ImpossibleInput):
    """Every weight is zero, so there is nowhere to go."""


class InvalidAmount(ImpossibleInput):
    """An amount of money that is negative or not finite."""


class UnknownCurrency(ImpossibleInput):
    """A currency is three capital letters (ISO 4217)."""


class InvalidWindow(ImpossibleInput):
    """A window that ends before it starts, or whose instants have no time zone."""


class UnknownTimeZone(ImpossibleInput):
    """A time zone that the IANA database does not have."""


class FloorsAboveBudget(ImpossibleInput):
    """What must be spent is more than there is to spend."""


class TooFewObservations(ImpossibleInput):
    """A statistic that needs more customers than there are."""


class InvalidRate(ImpossibleInput):
    """A rate or a share outside its range."""
