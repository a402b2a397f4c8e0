"""The openai writer: any server that speaks the OpenAI protocol, such as vLLM, asked by HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import httpx2
from numpy.random import Generator

from launchopt_core.claims import Draft
from launchopt_ml.copywriting.distinct import distinct_drafts
from launchopt_ml.copywriting.prompting import draft_from, messages_for, schema_of
from launchopt_ml.copywriting.writer import Brief, WriterFailed

AT_ONCE = 8  # requests in flight: the server makes batches of them
LONGEST_ANSWER = 600  # tokens
CHARACTERS_A_TOKEN = 2  # a cautious guess, for what is reserved before the server has counted
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 20.0  # seconds
WORTH_REPEATING = {408, 409, 429, 500, 502, 503, 504}


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where it is and how patient to be. The key is in no message and no repr."""

    address: str
    model: str
    key: str = field(default="", repr=False)
    seconds: float = 30.0
    retries: int = 3


@dataclass(kw_only=True)
class Budget:
    """What may be used in all, and what has been. Reserved before a request, settled after it.

    ``prices`` are those of a million tokens read and of a million written, ``of`` names whose
    budget it is.
    """

    tokens: int
    money: float
    prices: tuple[float, float] = (0.0, 0.0)
    of: str = "run"
    read: int = 0
    written: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    @property
    def spent(self) -> float:
        """The money that was used."""
        return self.cost_of(self.read, self.written)

    def cost_of(self, read: int, written: int) -> float:
        """The price of so many tokens."""
        return (read * self.prices[0] + written * self.prices[1]) / 1e6

    def reserve(self, read: int, written: int) -> None:
        """Take tokens before they are used. Raises WriterFailed past the budget."""
        with self._lock:
            after = self.read + read, self.written + written
            if sum(after) > self.tokens:
                raise WriterFailed(f"the {self.of}'s budget of tokens is used up")
            if self.cost_of(*after) > self.money:
                raise WriterFailed(f"the {self.of}'s budget of money is used up")
            self.read, self.written = after

    def settle(self, reserved: tuple[int, int], used: tuple[int, int]) -> None:
        """Put what was used in the place of what was reserved."""
        with self._lock:
            self.read += used[0] - reserved[0]
            self.written += used[1] - reserved[1]


def most_tokens(briefs: Sequence[Brief], *, candidates: int) -> tuple[int, int]:
    """The most tokens that these briefs may take: (read, written)."""
    asked = sum(len(m["content"]) for brief in briefs for m in messages_for(brief))
    each = asked // CHARACTERS_A_TOKEN + len(briefs)
    return each, len(briefs) * candidates * LONGEST_ANSWER


class ServedWriter:
    """Asks a server for structured answers, some at a time, within a budget."""

    name = "openai"
    version = "1"

    def __init__(
        self,
        *,
        server: Server,
        budget: Budget,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self.server, self.budget = server, budget
        self._pause = pause

    def write(
        self, briefs: Sequence[Brief], *, candidates: int = 3, rng: Generator
    ) -> list[tuple[Draft, ...] | WriterFailed]:
        """Each brief's drafts, or why it has none."""
        seeds = [int(seed) for seed in rng.integers(2**31, size=len(briefs))]
        with self._client() as client, ThreadPoolExecutor(AT_ONCE) as pool:
            return list(
                pool.map(
                    lambda brief, seed: self._answered(client, brief, candidates, seed),
                    briefs,
                    seeds,
                )
            )

    def _client(self) -> httpx2.Client:
        key = {"Authorization": f"Bearer {self.server.key}"} if self.server.key else {}
        return httpx2.Client(headers=key, timeout=self.server.seconds)

    def _answered(
        self, client: httpx2.Client, brief: Brief, candidates: int, seed: int
    ) -> tuple[Draft, ...] | WriterFailed:
        body = self._body(brief, candidates, seed)
        reserved = most_tokens([brief], candidates=candidates)
        try:
            self.budget.reserve(*reserved)
        except WriterFailed as failure:
            return failure
        used = (0, 0)
        try:
            answer = self._asked(client, body)
            used = _usage(answer, otherwise=reserved)
            return _drafts(answer, brief=brief, candidates=candidates)
        except WriterFailed as failure:
            return failure
        finally:
            self.budget.settle(reserved, used)

    def _body(self, brief: Brief, candidates: int, seed: int) -> dict[str, Any]:
        schema = {"name": "copy", "strict": True, "schema": schema_of(brief.channel)}
        return {
            "model": self.server.model,
            "messages": messages_for(brief),
            "n": candidates,
            "max_tokens": LONGEST_ANSWER,
            "temperature": 0.8,
            "seed": seed,
            "response_format": {"type": "json_schema", "json_schema": schema},
        }

    def _asked(self, client: httpx2.Client, body: dict[str, Any]) -> dict[str, Any]:
        """The server's answer, asked again with longer and longer pauses where that may help."""
        address = self.server.address.rstrip("/") + "/chat/completions"
        fault = ""
        for attempt in range(self.server.retries + 1):
            pause = min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE)
            try:
                response = client.post(address, json=body)
            except httpx2.TransportError as error:
                fault = _fault_of(error)
            else:
                if response.status_code == httpx2.codes.OK:
                    return _json_of(response)
                fault = f"the server answered {response.status_code}"
                if response.status_code not in WORTH_REPEATING:
                    break
                pause = _asked_pause(response) or pause
            if attempt < self.server.retries:
                self._pause(pause)
        raise WriterFailed(fault)


def _fault_of(error: httpx2.TransportError) -> str:
    if isinstance(error, httpx2.TimeoutException):
        return "the server did not answer in time"
    return f"the server cannot be reached ({type(error).__name__})"


def _json_of(response: httpx2.Response) -> dict[str, Any]:
    try:
        answer = response.json()
    except ValueError:
        raise WriterFailed("the server answered something else than JSON") from None
    if not isinstance(answer, dict) or not isinstance(answer.get("choices"), list):
        raise WriterFailed("the server answered no choices")
    return answer


def _asked_pause(response: httpx2.Response) -> float:
    wanted = response.headers.get("retry-after", "")
    return min(float(wanted), LONGEST_PAUSE) if wanted.replace(".", "", 1).isdigit() else 0.0


def _usage(answer: dict[str, Any], *, otherwise: tuple[int, int]) -> tuple[int, int]:
    """What the server counted; where it does not tell, what was reserved."""
    counted = answer.get("usage") or {}
    try:
        return int(counted["prompt_tokens"]), int(counted["completion_tokens"])
    except (KeyError, TypeError, ValueError):
        return otherwise


def _drafts(answer: dict[str, Any], *, brief: Brief, candidates: int) -> tuple[Draft, ...]:
    texts = [_content(choice) for choice in answer["choices"]]
    read = (draft_from(text, brief=brief) for text in texts)
    return distinct_drafts((draft for draft in read if draft), count=candidates)


def _content(choice: Any) -> str:
    message = choice.get("message") if isinstance(choice, dict) else None
    content = message.get("content") if isinstance(message, dict) else None
    return content if isinstance(content, str) else ""
