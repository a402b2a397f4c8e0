"""What the apps above operations may connect to.

- `webhook_finished`: `delivery`, a WebhookDelivery that has arrived or was given up, and `now`. It
  is sent inside the transaction that notes it: a receiver's error undoes it, and it is tried again.
"""

from django.dispatch import Signal

webhook_finished = Signal()
