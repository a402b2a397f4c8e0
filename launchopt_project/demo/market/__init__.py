"""A simulated market: a shop, its shoppers and their year. Pure numpy; it knows nothing of Django.

The simulator knows what each shopper would have done unasked, so that what a launch is measured to
have caused can be set beside what it really caused.
"""

from .creatives import strength
from .events import KINDS, Events
from .fates import Fate, ImpossibleContacts
from .market import Market, make_market
from .parameters import DEMO, Parameters
from .reactions import Contacts, Reactions, reactions
from .truth import Truth, all_knowing, effect_per_customer, random_targeting, truth

__all__ = [
    "DEMO",
    "KINDS",
    "Contacts",
    "Events",
    "Fate",
    "ImpossibleContacts",
    "Market",
    "Parameters",
    "Reactions",
    "Truth",
    "all_knowing",
    "effect_per_customer",
    "make_market",
    "random_targeting",
    "reactions",
    "strength",
    "truth",
]
