"""The host's own products, which have nothing to do with those of LaunchOpt."""

from django.db import models


class Product(models.Model):
    """A product of the host."""

    name = models.CharField(max_length=20)

    def __str__(self) -> str:
        return self.name
