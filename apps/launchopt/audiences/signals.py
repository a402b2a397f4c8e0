"""What the apps above audiences may connect to, in their AppConfig.ready().

All are sent inside the transaction that did the work: a receiver's error undoes it, and what a
receiver writes is committed with it or not at all.

- `events_recorded`: `events`, a list of `StoredEvent` with those that carry a decision_id and were
  stored now for the first time, and `received_at`. A message that came again is not in it.
- `customers_identified`: `source_id` and `target_id`, the visitor and the customer that it turned
  out to be, and `now`. The visitor's events have moved already. It is sent again when the same two
  are joined again.
- `customers_erased`: `customer_ids`, before their rows are deleted, and `now`.
"""

from django.dispatch import Signal

events_recorded = Signal()
customers_identified = Signal()
customers_erased = Signal()
