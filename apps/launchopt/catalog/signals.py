"""What the apps above the catalog may connect to, in their AppConfig.ready().

`products_changed` is sent inside the transaction that changed them, so a receiver's error undoes
the change. It carries `changes`, {product id: [names of the database columns that changed]}, and
`now`. It is not sent for new products.
"""

from django.dispatch import Signal

products_changed = Signal()
