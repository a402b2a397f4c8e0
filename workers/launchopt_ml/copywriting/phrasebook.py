"""The phrasebook: a writer that needs no weights and states nothing but facts.

It fills sentence patterns. A pattern is used only where every fact that it needs is there and the
sentence fits its channel, so a draft is never broken and never too long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from numpy.random import Generator

from launchopt_core.claims import Draft, Facts, length_in, limits_of, sms_limit
from launchopt_ml.copywriting import chinese, english
from launchopt_ml.copywriting.distinct import distinct_drafts
from launchopt_ml.copywriting.grammar import (
    Fits,
    Pattern,
    Phrasebook,
    filled_in_turn,
    shuffled,
    told,
)
from launchopt_ml.copywriting.slots import (
    details_of,
    is_chinese,
    price_text,
    quotable_sentences,
    slots_of,
    with_title,
)
from launchopt_ml.copywriting.titles import plain_text, shortened
from launchopt_ml.copywriting.writer import Persona

ANGLE_OF_BAND = {"low": "price", "budget": "price", "high": "detail", "premium": "detail"}
ANY = "any"
TRIES = 6  # drafts tried for each one wanted


class PhrasebookWriter:
    """The default writer, English and Simplified Chinese; other languages are framed in English."""

    name = "phrasebook"
    version = "1"

    def write(
        self,
        facts: Facts,
        *,
        persona: Persona | None = None,
        channel: str = "onsite",
        candidates: int = 3,
        rng: Generator,
    ) -> tuple[Draft, ...]:
        """Up to so many drafts that differ, the best fit for the persona first."""
        work = _Work(facts, persona, channel)
        tries = (
            work.draft(angle=work.angles[i % len(work.angles)], rng=rng)
            for i in range(max(candidates, 1) * TRIES)
        )
        return distinct_drafts(tries, count=max(candidates, 1))


class _Work:
    """One product for one persona in one channel."""

    def __init__(self, facts: Facts, persona: Persona | None, channel: str) -> None:
        self.book: Phrasebook = (chinese if is_chinese(facts.language) else english).BOOK
        self.facts, self.channel = facts, channel
        self.slots = slots_of(facts, persona=persona, nameless=self.book.nameless)
        self.angles = _angles(self.slots, persona)
        self.quotes = quotable_sentences(facts, full_stop=self.book.full_stop)
        self.brand_facts = [plain_text(fact) for fact in facts.brand_facts]
        self.price = price_text(facts.price, facts.currency)

    def draft(self, *, angle: str, rng: Generator) -> Draft:
        limits = limits_of(self.channel)
        call = self._call(rng, longest=limits.call_to_action)
        lead, headline = self._line(
            self.book.headlines, angle=angle, fits=self._within(limits.headline), rng=rng
        )
        _, alt = self._line(
            self.book.alts, angle="plain", fits=self._within(limits.alt_text), rng=rng
        )
        if self.channel == "sms":  # a text message has no headline that could have said it
            lead, shown = "", ""
        else:
            shown = headline
        body = self._body(shown, call, angle=angle, said=lead, rng=rng)
        return Draft(headline=headline, body=body, call_to_action=call, alt_text=alt)

    def _within(self, limit: int) -> Fits:
        return lambda text: length_in(self.channel, text) <= limit

    def _body_fits(self, call: str) -> Fits:
        if self.channel != "sms":
            return self._within(limits_of(self.channel).body)

        def fits(text: str) -> bool:
            sent = f"{text} {call}"
            return length_in("sms", sent) <= sms_limit(sent)

        return fits

    def _call(self, rng: Generator, *, longest: int) -> str:
        calls = [call for call in self.book.calls if length_in(self.channel, call) <= longest]
        return calls[int(rng.integers(len(calls)))]

    def _line(
        self,
        patterns: Sequence[Pattern],
        *,
        angle: str,
        fits: Fits,
        rng: Generator,
        unlike: str = "",
    ) -> tuple[str, str]:
        """(angle, sentence): the wanted angle first, whole if one fits, else with a short title."""
        order = shuffled(patterns, angle=angle, rng=rng)
        whole = filled_in_turn(order, slots=self.slots, fits=fits)
        fresh = [line for line in whole if not _begin_alike(line[1], unlike)]
        for pattern, text in fresh or whole:
            return pattern.angle, text
        return "plain", self._shortened_line(order, fits=fits)

    def _shortened_line(self, order: Sequence[Pattern], *, fits: Fits) -> str:
        bare = [pattern for pattern in order if pattern.needs <= {"title", "the"}]
        shortest_first = sorted(bare, key=lambda pattern: len(pattern.text))
        lines = (self._with_short_title(pattern, fits=fits) for pattern in shortest_first)
        return next(filter(None, lines), self.book.nameless)

    def _with_short_title(self, pattern: Pattern, *, fits: Fits) -> str:
        def line(title: str) -> str:
            return told(pattern.text, with_title(self.slots, title))

        title = shortened(self.slots["title"], fits=lambda title: fits(line(title)))
        return line(title) if title else ""

    def _body(self, headline: str, call: str, *, angle: str, said: str, rng: Generator) -> str:
        """An opener that says something else than the headline, and what more there is room for."""
        fits = self._body_fits(call)
        openers = [p for p in self.book.openers if p.angle == "plain" or p.angle != said]
        _, body = self._line(openers, angle=angle, fits=fits, rng=rng, unlike=headline)
        for sentence in self._more(angle=angle, rng=rng):
            longer = f"{body}{self.book.joint}{sentence}"
            if sentence and fits(longer) and not self._is_repeated(sentence, headline + body):
                body = longer
        return body

    def _is_repeated(self, sentence: str, text: str) -> bool:
        return sentence in text or bool(
            self.price and self.price in sentence and self.price in text
        )

    def _more(self, *, angle: str, rng: Generator) -> Iterator[str]:
        """What may follow the opener, the most telling first, ordered by the angle."""
        price = self._pick([p.filled(self.slots) or "" for p in self.book.prices], rng)
        known = [*self._quotes(rng), *self._details(rng)[:2]]
        yield from [price, *known] if angle == "price" else [*known, price]
        if rng.random() < 0.5:
            yield self._pick([p.filled(self.slots) or "" for p in self.book.brands], rng)
        yield self._pick(self.brand_facts, rng)
        if rng.random() < 0.7:
            yield self._pick(self.book.closers, rng)

    def _quotes(self, rng: Generator) -> list[str]:
        """Two neighbouring sentences of the description, so that drafts dwell on different ones."""
        start = int(rng.integers(max(len(self.quotes) - 1, 1)))
        return self.quotes[start : start + 2]

    def _details(self, rng: Generator) -> list[str]:
        sentences = []
        for name, value in details_of(self.facts):
            if value.casefold() not in self.slots["title"].casefold():
                forms = self.book.details.get(name, self.book.other_detail)
                sentences.append(self._pick(forms, rng).format(name=name, value=value))
        return sentences

    @staticmethod
    def _pick(choices: Sequence[str], rng: Generator) -> str:
        return choices[int(rng.integers(len(choices)))] if choices else ""


def _angles(slots: dict[str, str], persona: Persona | None) -> tuple[str, ...]:
    """The angles to try in turn: what the persona asks for first, as far as facts allow."""
    wanted = []
    if persona and "interest" in slots:
        wanted.append("interest")
    if persona and (angle := ANGLE_OF_BAND.get(persona.price_band.casefold())):
        wanted.append(angle)
    return (*wanted, ANY)


def _begin_alike(text: str, other: str) -> bool:
    return bool(other) and text.split()[0].casefold() == other.split()[0].casefold()
