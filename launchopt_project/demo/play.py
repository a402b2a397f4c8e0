"""The days of a launch, played: shoppers visit, their shop asks what to show and tells of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from launchopt_project.demo.client import ShopApi
from launchopt_project.demo.market import (
    KINDS,
    Contacts,
    Events,
    Fate,
    Market,
    reactions,
    strength,
)
from launchopt_project.demo.market.streams import instant

PLACEMENT = "home"


@dataclass(frozen=True)
class Played:
    """How far a launch has been played, and what the shoppers have been through."""

    until: datetime  # everything before this instant has been played
    contacts: Contacts
    variants: tuple[str, ...]  # of each shopper in the launch's experiment; "" where not assigned
    pending: tuple[dict[str, Any], ...]  # events that have been caused but not happened yet
    reasons: dict[str, int]  # decisions by their reason


class Stage:
    """One launch of one product in the market, on which intervals are played in order."""

    def __init__(self, market: Market, *, sku: str, launch: str) -> None:
        """`launch` is the id of the launch that LaunchOpt runs."""
        self.market, self.sku, self.launch = market, sku, launch
        self.fate: Fate = market.fate(sku)
        self.starts_at, self.ends_at = market.days_of(sku)
        self._ordinary = market.ordinary_events_during(sku, self.fate)
        self._strengths: dict[str, np.ndarray] = {}

    def opening(self) -> Played:
        """Before the first visit."""
        nobody = ("",) * len(self.market.shoppers)
        return Played(self.starts_at, Contacts.none(self.fate), nobody, (), {})

    def intervals(self, *, since: datetime, length: timedelta) -> Iterator[datetime]:
        """The ends of the intervals that are left to play, the last one the end of the launch."""
        until = since
        while until < self.ends_at:
            until = min(until + length, self.ends_at)
            yield until

    def ask(self, played: Played, *, until: datetime, api: ShopApi) -> list[dict[str, Any]]:
        """Ask what to show at each visit from where it stands to `until`."""
        visits = self._visits(since=played.until, until=until)
        return api.decide([self._question(visit) for visit in visits.tolist()])

    def react(
        self, played: Played, *, until: datetime, answers: list[dict[str, Any]], api: ShopApi
    ) -> Played:
        """Let the shoppers do what they do about these answers, and tell it. It may be repeated."""
        visits = self._visits(since=played.until, until=until)
        shown = [n for n, answer in enumerate(answers) if self._is_shown(answer)]
        result = reactions(
            self.fate,
            played.contacts,
            visits=visits,
            shown=visits[shown],
            strength=self._strength(visits[shown], [answers[n]["creative"] for n in shown]),
            parameters=self.market.parameters,
            price=float(self.market.products.price[self.fate.product]),
        )
        decisions = {int(visits[n]): str(answers[n]["decision_id"]) for n in shown}
        caused = [*played.pending, *self._messages(result.events, decisions=decisions)]
        caused += self._ordinary_messages(since=played.until, until=until)
        limit = until.isoformat()
        api.record(sorted((e for e in caused if e["occurred_at"] < limit), key=_moment))
        reasons = Counter(str(answer["reason"]) for answer in answers)
        return Played(
            until=until,
            contacts=result.contacts,
            variants=self._assigned(played.variants, visits=visits, answers=answers),
            pending=tuple(e for e in caused if e["occurred_at"] >= limit),
            reasons=dict(Counter(played.reasons) + reasons),
        )

    def _visits(self, *, since: datetime, until: datetime) -> np.ndarray:
        low, high = np.searchsorted(self.fate.at, [instant(since), instant(until)])
        return np.arange(low, high)

    def _question(self, visit: int) -> dict[str, Any]:
        return {
            "customer": self.market.shoppers.external_id[self.fate.who[visit]],
            "placement": PLACEMENT,
            "context": {},
            "at": _iso(self.fate.at[visit]),
        }

    def _is_shown(self, answer: dict[str, Any]) -> bool:
        return answer["creative"] is not None and str(answer["launch"]) == self.launch

    def _strength(self, visits: np.ndarray, creatives: list[dict[str, Any]]) -> np.ndarray:
        """(shown,): how well each creative fits the shopper who sees it."""
        pairs = zip(self.fate.who[visits].tolist(), creatives, strict=True)
        return np.array([self._strength_of(creative)[who] for who, creative in pairs], float)

    def _strength_of(self, creative: dict[str, Any]) -> np.ndarray:
        known = self._strengths.get(creative["id"])
        if known is None:
            text = " ".join([creative["headline"], creative["body"]])
            known = strength(self.market.parameters, self.market.shoppers, text=text)
            self._strengths[creative["id"]] = known
        return known

    def _assigned(
        self, variants: tuple[str, ...], *, visits: np.ndarray, answers: list[dict[str, Any]]
    ) -> tuple[str, ...]:
        known = list(variants)
        for who, answer in zip(self.fate.who[visits].tolist(), answers, strict=True):
            if str(answer["launch"]) == self.launch and answer["variant"]:
                known[who] = answer["variant"]
        return tuple(known)

    def _messages(self, events: Events, *, decisions: dict[int, str]) -> list[dict[str, Any]]:
        """Events of the launched product, with the decision that each answers."""
        messages = []
        for message, visit in zip(self._bodies(events), events.session.tolist(), strict=True):
            message["message_id"] = f"{self.launch}:{visit}:{message['kind']}"
            if visit in decisions:
                message["decision_id"] = decisions[visit]
            messages.append(message)
        return messages

    def _ordinary_messages(self, *, since: datetime, until: datetime) -> list[dict[str, Any]]:
        """What is done about other products meanwhile."""
        low, high = np.searchsorted(self._ordinary.at, [instant(since), instant(until)])
        part = self._ordinary.where(np.arange(low, high))
        messages = self._bodies(part)
        for number, message in enumerate(messages, start=int(low)):
            message["message_id"] = f"{self.launch}:other:{number}"
        return messages

    def _bodies(self, events: Events) -> list[dict[str, Any]]:
        skus = [*self.market.products.sku, ""]
        ids = self.market.shoppers.external_id
        rows = zip(*(column.tolist() for column in _with_iso(events)), strict=True)
        return [
            _body(
                ids[who],
                skus[product],
                kind=kind,
                currency=self.market.parameters.currency,
                at=at,
                sale=(quantity, price),
                value=value,
                visit=f"{self.sku}-{session}" if session >= 0 else "",
                order=f"{self.sku}-{order}" if order >= 0 else "",
                text=text,
            )
            for who, product, kind, at, quantity, price, value, session, order, text in rows
        ]


def _with_iso(events: Events) -> tuple[np.ndarray, ...]:
    return replace(events, at=np.datetime_as_string(events.at, timezone="UTC")).columns()


def _body(
    customer: str,
    sku: str,
    *,
    kind: int,
    currency: str,
    at: str,
    sale: tuple[int, float],
    value: float,
    visit: str,
    order: str,
    text: str,
) -> dict[str, Any]:
    """An event as the API takes it; what is not given is left out."""
    quantity, price = sale
    body: dict[str, Any] = {"customer": customer, "kind": KINDS[kind]}
    body["occurred_at"] = at.replace("Z", "+00:00")
    body |= {"sku": sku} if sku else {}
    body |= {"text": text} if text else {}
    body |= {} if np.isnan(value) else {"value": value}
    body |= {"session": visit} if visit else {}
    body |= {"order_id": order} if order else {}
    if quantity:
        body |= {"quantity": quantity, "price": f"{price:.2f}", "currency": currency}
    return body


def _moment(message: dict[str, Any]) -> str:
    return str(message["occurred_at"])


def _iso(at: np.datetime64) -> str:
    return f"{np.datetime_as_string(at, unit='s')}+00:00"
