"""Product texts read by the encoder, in batches, only where a text is new or changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from django.db import transaction

from launchopt.catalog.embeddings import (
    UnreadText,
    save_embeddings,
    unread_products,
    unread_texts,
)
from launchopt.conf import launchopt_settings
from launchopt.operations.errors import Conflict
from launchopt.operations.runs import Work
from launchopt_ml.encoder import MINILM, Encoder, EncoderUnavailable, load_encoder

BATCH = 500
Reaction = Callable[[Sequence[UnreadText]], None]


def encoder_name() -> str:
    """The encoder in force, as embeddings name it."""
    return launchopt_settings().encoder


def encoder_in_force() -> Encoder:
    """The encoder, loaded once in a process. Raises Conflict where its files are not there."""
    name = encoder_name()
    try:
        return load_encoder("" if name == MINILM else name)
    except EncoderUnavailable as absent:
        raise Conflict(f"The text encoder cannot be used: {absent}") from absent


def read_texts(work: Work, *, then: Reaction = lambda _: None) -> int:
    """Read every unread text; returns how many.

    Each batch is kept as it is done; `then` is told of it in the same transaction.
    """
    work.expect(unread_products(encoder=encoder_name()).count())
    read = 0
    while texts := unread_texts(encoder=encoder_name(), most=BATCH):
        work.report(done=read, step="read product texts")
        vectors = encoder_in_force().encode([text.text for text in texts])
        by_id = {text.product_id: row for text, row in zip(texts, vectors, strict=True)}
        with transaction.atomic():
            save_embeddings(texts, vectors=by_id, encoder=encoder_name(), now=work.clock())
            then(texts)
        read += len(texts)
    work.report(done=read)
    return read
