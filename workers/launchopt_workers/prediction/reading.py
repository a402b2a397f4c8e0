"""Product texts read by the encoder, in batches, only where a text is new or changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction

from launchopt.catalog.embeddings import (
    UnreadText,
    encoder_name,
    save_embeddings,
    unread_products,
    unread_texts,
)
from launchopt.operations.runs import Work
from launchopt_ml.encoder import Encoder
from launchopt_workers.encoders.versions import encoder_called

BATCH = 500
Reaction = Callable[[Sequence[UnreadText]], None]


def encoder_in_force() -> Encoder:
    """The encoder, loaded once in a process. Raises Conflict where its files are not there."""
    return encoder_called(encoder_name())


def read_texts(work: Work, *, then: Reaction = lambda _: None) -> int:
    """Read every unread text; returns how many.

    Each batch is kept as it is done; `then` is told of it in the same transaction.
    """
    encoder = encoder_name()
    work.expect(unread_products(encoder=encoder).count())
    read = 0
    while texts := unread_texts(encoder=encoder, most=BATCH):
        work.report(done=read, step="read product texts")
        vectors = encoder_called(encoder).encode([text.text for text in texts])
        by_id = {text.product_id: row for text, row in zip(texts, vectors, strict=True)}
        with transaction.atomic():
            save_embeddings(texts, vectors=by_id, encoder=encoder, now=work.clock())
            then(texts)
        read += len(texts)
    work.report(done=read)
    return read
