"""The phrasebook: a writer that needs no weights and states nothing but facts.

It fills sentence patterns. A pattern is used only where every fact that it needs is there and the
sentence fits its channel, so a draft is never broken and never too long.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from numpy.random import Generator

from launchopt_core.claims import Draft, length_in, limits_of, sms_limit
from launchopt_ml.copywriting.books import book_of
from launchopt_ml.copywriting.distinct import distinct_drafts
from launchopt_ml.copywriting.grammar import (
    NEUTRAL,
    Fits,
    Pattern,
    filled_in_turn,
    shuffled,
    told,
)
from launchopt_ml.copywriting.slots import (
    details_of,
    is_chinese,
    price_text,
    qualified,
    quotable_sentences,
    slots_of,
    with_title,
)
from launchopt_ml.copywriting.titles import HAN, plain_text, shortened
from launchopt_ml.copywriting.writer import Brief, Persona

ANGLE_OF_BAND = {"low": "price", "budget": "price", "high": "detail", "premium": "detail"}
ANY = ""  # no angle is wanted: all patterns are alike
MOST_DETAILS, FEW_DETAILS = 6, 2  # attributes told where there is room, and where there is little
LONG_BODY = 200  # characters
TRIES = 6  # drafts tried for each one wanted


class PhrasebookWriter:
    """The default writer, English and Simplified Chinese; other languages are framed in English."""

    name = "phrasebook"
    version = "2"

    def write(
        self, briefs: Sequence[Brief], *, candidates: int = 3, rng: Generator
    ) -> list[tuple[Draft, ...]]:
        """For each brief up to so many drafts that differ, the best fit for the persona first."""
        return [_written(_Work(brief), candidates=max(candidates, 1), rng=rng) for brief in briefs]


def _written(work: _Work, *, candidates: int, rng: Generator) -> tuple[Draft, ...]:
    tries = (
        work.draft(angle=work.angles[i % len(work.angles)], rng=rng)
        for i in range(candidates * TRIES)
    )
    return distinct_drafts(tries, count=candidates)


class _Work:
    """One brief: its book, its slots, and what may be quoted."""

    def __init__(self, brief: Brief) -> None:
        self.facts, self.channel = brief.facts, brief.channel
        chinese = is_chinese(self.facts.language)
        self.book = book_of("zh-Hans" if chinese else "en", tone=brief.tone)
        self._slots = slots_of(self.facts, persona=brief.persona, nameless=self.book.nameless)
        self.slots, self.angles = self._slots, _angles(self._slots, brief.persona)
        quotes = quotable_sentences(self.facts, full_stop=self.book.full_stop)
        said = [plain_text(fact) for fact in self.facts.brand_facts]
        # A sentence in another script than the frames would stand out.
        self.quotes = [text for text in quotes if bool(HAN.search(text)) == chinese]
        self.brand_facts = [text for text in said if bool(HAN.search(text)) == chinese]
        self.price = price_text(self.facts.price, self.facts.currency)

    def draft(self, *, angle: str, rng: Generator) -> Draft:
        """A draft; a title that says no more than 'skirt' is told apart by attributes."""
        self.slots = qualified(self._slots, facts=self.facts, rng=rng)
        limits = limits_of(self.channel)
        call = self._call(rng, longest=limits.call_to_action)
        headlines = self.book.headlines
        lead, headline = self._line(headlines, angle=angle, longest=limits.headline, rng=rng)
        _, alt = self._line(self.book.alts, angle=ANY, longest=limits.alt_text, rng=rng)
        if self.channel == "sms":  # a text message has no headline that could have said it
            lead, shown = "", ""
        else:
            shown = headline
        body = self._body(shown, call, angle=angle, said=lead, rng=rng)
        draft = Draft(headline=headline, body=body, call_to_action=call, alt_text=alt)
        return self._as_email(draft, angle=angle, rng=rng) if self.channel == "email" else draft

    def _as_email(self, draft: Draft, *, angle: str, rng: Generator) -> Draft:
        """With a subject that is not the headline again, and a preheader that goes on from it."""
        limits = limits_of("email")
        lead, subject = self._line(
            self.book.headlines,
            angle=angle,
            longest=limits.subject,
            rng=rng,
            unlike=draft.headline,
        )
        openers = [p for p in self.book.openers if p.angle == NEUTRAL or p.angle != lead]
        _, preheader = self._line(
            openers, angle=ANY, longest=limits.preheader, rng=rng, unlike=subject, other=draft.body
        )
        return replace(draft, subject=subject, preheader=preheader)

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
        longest: int = 0,
        fits: Fits | None = None,
        rng: Generator,
        unlike: str = "",
        other: str = "",
    ) -> tuple[str, str]:
        """(angle, sentence): the wanted angle first, whole if one fits, else with a short title."""
        fits = fits or self._within(longest)
        order = shuffled(patterns, angle=angle, rng=rng)
        whole = filled_in_turn(order, slots=self.slots, fits=fits)
        fresh = [
            line
            for line in whole
            if not _begin_alike(line[1], unlike) and not (other and line[1] in other)
        ]
        for pattern, text in fresh or whole:
            return pattern.angle, text
        return NEUTRAL, self._shortened_line(order, fits=fits)

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
        openers = [p for p in self.book.openers if p.angle == NEUTRAL or p.angle != said]
        _, body = self._line(openers, angle=angle, fits=fits, rng=rng, unlike=headline)
        for sentence in self._more(angle=angle, rng=rng):
            longer = f"{body}{self.book.joint}{sentence}"
            if sentence and fits(longer) and not self._is_repeated(sentence, headline + body):
                body = longer
        return body

    def _is_repeated(self, sentence: str, text: str) -> bool:
        once = filter(None, (self.price, *self.book.once))
        return sentence in text or any(each in sentence and each in text for each in once)

    def _more(self, *, angle: str, rng: Generator) -> Iterator[str]:
        """What may follow the opener, the most telling first, ordered by the angle."""
        price = self._pick([p.filled(self.slots) or "" for p in self.book.prices], rng)
        known = [*self._quotes(rng), *self._details(rng)]
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
        """Sentences of some attributes that the title does not tell, in the shop's order."""
        untold = [
            (name, value)
            for name, value in details_of(self.facts)
            if value.casefold() not in self.slots["title"].casefold()
        ]
        most = MOST_DETAILS if limits_of(self.channel).body > LONG_BODY else FEW_DETAILS
        return [self._sentence(untold[at : at + 2], rng) for at in range(0, len(untold[:most]), 2)]

    def _sentence(self, details: Sequence[tuple[str, str]], rng: Generator) -> str:
        clauses = []
        for at, (name, value) in enumerate(details):
            form = self._pick(self.book.details.get(name, self.book.other_detail), rng)
            shown = _lowered(name) if at else name
            clauses.append(form.format(name=shown, value=value))
        text = self.book.clause_joint.join(clauses)
        return f"{text[0].upper()}{text[1:]}{self.book.full_stop}"

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


def _lowered(name: str) -> str:
    """A name within a sentence; BPA stays BPA."""
    return name[0].lower() + name[1:] if name[1:2].islower() else name


def _begin_alike(text: str, other: str) -> bool:
    return bool(other) and _beginning(text) == _beginning(other)


def _beginning(text: str) -> str:
    """The first word; in Chinese, which parts no words, the first two characters."""
    first = text.split()[0].casefold()
    return first[:2] if HAN.match(first) else first
