"""What the shop sells, and what a language model read in it."""

from __future__ import annotations

from datetime import datetime

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from pgvector.django import VectorField


class Category(models.Model):
    """A shelf of the shop, by the name that shoppers see."""

    name = models.CharField(max_length=200, unique=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "categories"

    def __str__(self) -> str:
        return self.name


class ProductQuerySet(models.QuerySet["Product"]):
    """Facts about products that questions are made of."""

    def on_sale(self, at: datetime) -> ProductQuerySet:
        """Products that can be bought at an instant."""
        return self.filter(
            Q(launched_at=None) | Q(launched_at__lte=at), Q(retired_at=None) | Q(retired_at__gt=at)
        )

    def in_stock(self) -> ProductQuerySet:
        """Products with pieces left, or whose stock nobody counts."""
        return self.filter(Q(stock=None) | Q(stock__gt=0))


class Product(models.Model):
    """Something on sale, or soon to be. Its SKU is the host's own."""

    sku = models.CharField("SKU", max_length=100, unique=True, help_text="The shop's own number.")
    title = models.CharField(max_length=1000, help_text="As shoppers read it.")
    description = models.TextField(blank=True)
    category = models.ForeignKey(
        Category, null=True, blank=True, on_delete=models.SET_NULL, related_name="products"
    )
    brand = models.CharField(max_length=200, blank=True)
    price = models.DecimalField(
        max_digits=18, decimal_places=4, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(
        max_length=3, blank=True, help_text="ISO 4217; the shop's own if empty."
    )
    url = models.URLField("URL", max_length=1000, blank=True)
    image_url = models.URLField("image URL", max_length=1000, blank=True)
    language = models.CharField(
        max_length=20, blank=True, help_text="Such as en or zh-Hans; the shop's own if empty."
    )
    stock = models.IntegerField(
        null=True, blank=True, help_text="Pieces left; empty where nobody counts."
    )
    launched_at = models.DateTimeField(
        null=True, blank=True, help_text="On sale from; if empty, from its first event."
    )
    retired_at = models.DateTimeField(null=True, blank=True, help_text="On sale until.")
    attributes = models.JSONField(
        default=dict, blank=True, help_text="Further facts, such as material or size."
    )
    text_hash = models.CharField(
        max_length=64,
        editable=False,
        blank=True,
        db_index=True,
        help_text="Of the text that the encoder reads.",
    )
    is_placeholder = models.BooleanField(
        default=False, help_text="Made from an event of an unknown product; to be filled in."
    )
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    objects = ProductQuerySet.as_manager()

    class Meta:
        ordering = ["sku"]
        indexes = [models.Index(fields=["launched_at"], name="launchopt_product_launched")]
        constraints = [
            models.CheckConstraint(
                condition=Q(price=None) | Q(price__gte=0), name="launchopt_price_not_negative"
            )
        ]

    def __str__(self) -> str:
        return f"{self.title[:60]} ({self.sku})"


class ProductEmbedding(models.Model):
    """A product's text as a vector: what it is about, before anybody bought it."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="embeddings")
    encoder = models.CharField(max_length=200)
    text_hash = models.CharField(max_length=64, help_text="Of the text it was made from.")
    vector = VectorField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["product", "encoder"], name="launchopt_one_embedding")
        ]

    def __str__(self) -> str:
        return f"{self.encoder}: {self.product_id}"
