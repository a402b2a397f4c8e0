"""The openai writer within three budgets: of its run, of the day and of the month."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from numpy.random import Generator

from launchopt.campaigns.creatives.spending import Loan, Use, lend, settle
from launchopt.operations.errors import Conflict
from launchopt.operations.runs import Clock
from launchopt_core.claims import Draft
from launchopt_ml.copywriting import Brief, WriterFailed
from launchopt_ml.copywriting.served import Budget, ServedWriter, Server, most_tokens


class FrugalWriter:
    """Borrows what a call may need, asks the server, and gives back what was not needed."""

    name = ServedWriter.name
    version = ServedWriter.version

    def __init__(self, *, server: Server, budget: Budget, clock: Clock) -> None:
        self.server, self.budget, self.clock = server, budget, clock

    def write(
        self, briefs: Sequence[Brief], *, candidates: int = 3, rng: Generator
    ) -> list[tuple[Draft, ...] | WriterFailed]:
        """Each brief's drafts, or why it has none. Raises WriterFailed where nothing is left."""
        read, written = most_tokens(briefs, candidates=candidates)
        try:
            loan = lend(Use(read, written, self._money(read, written)), now=self.clock())
        except Conflict as used_up:
            raise WriterFailed(used_up.detail) from used_up
        budget = self._within(loan)
        try:
            return ServedWriter(server=self.server, budget=budget).write(
                briefs, candidates=candidates, rng=rng
            )
        finally:
            self.budget.read += budget.read
            self.budget.written += budget.written
            money = self._money(budget.read, budget.written)
            settle(loan, Use(budget.read, budget.written, money))

    def _within(self, loan: Loan) -> Budget:
        """The budget of one call: what the loan and the run leave."""
        run = self.budget
        tokens = run.tokens - run.read - run.written
        lent = loan.use.read + loan.use.written
        return Budget(
            tokens=min(tokens, lent),
            money=min(run.money - run.spent, float(loan.use.money)) if any(run.prices) else 0.0,
            prices=run.prices,
            of=loan.of if lent < tokens else run.of,
        )

    def _money(self, read: int, written: int) -> Decimal:
        return Decimal(str(self.budget.cost_of(read, written)))
