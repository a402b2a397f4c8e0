"""The demo, from an empty home to a measured launch. Each part is skipped where it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from django.contrib.auth.models import User
from django.utils import timezone

from launchopt import jobs
from launchopt.campaigns import services
from launchopt.campaigns.models import Launch
from launchopt.campaigns.reporting import launch_report
from launchopt.operations.models import Run
from launchopt.operations.runs import request_run
from launchopt_project.demo import state
from launchopt_project.demo.accounts import Accounts, ensure_accounts
from launchopt_project.demo.client import Client
from launchopt_project.demo.comparison import Comparison, compare
from launchopt_project.demo.market import Market, Parameters, make_market
from launchopt_project.demo.play import Played, Stage
from launchopt_project.demo.progress import bar, follow, step
from launchopt_project.demo.shop import build_shop, check_home
from launchopt_project.demo.truth_section import keep_truth, kept_truth
from launchopt_project.supervisor import Stack
from launchopt_workers import due, tasks  # noqa: F401 - registers every body

T = TypeVar("T")
DELIVERY = (jobs.PACE_LAUNCHES, jobs.ROLL_UP_METRICS, jobs.UPDATE_WEIGHTS)
CLOCK = {"LAUNCHOPT_ALLOW_CLIENT_CLOCK": "1"}  # the stack of the simulation alone takes `at`


class WorkFailed(RuntimeError):
    """A periodic job failed; the message says which and why."""


@dataclass(frozen=True)
class Told:
    """What came out."""

    launch: Launch
    accounts: Accounts
    comparison: Comparison
    was_finished: bool  # by an earlier run of the demo


class Story:
    """The shop of one home, and the launch of one newcomer in it."""

    def __init__(self, parameters: Parameters, *, folder: Path, sku: str) -> None:
        """`folder` keeps what the demo must remember: files, accounts, how far it has played."""
        self.parameters, self.folder, self.sku = parameters, folder, sku

    def tell(self) -> Told:
        """Do everything that is left to do."""
        stands = check_home(self.parameters, folder=self.folder)
        accounts = ensure_accounts(file=self.folder / "accounts.json", now=timezone.now())
        launch = launch_of(self.sku)
        known = kept_truth(launch.pk) if launch else None
        if launch and known and launch.status == Launch.Status.FINISHED:
            return Told(launch, accounts, known, was_finished=True)
        market = around("Draw the market", lambda: make_market(self.parameters))
        with running_stack() as stack:
            if not stands:
                build_shop(market, folder=self.folder, around=around)
            around("Wait for web and workers", stack.wait_until_ready)
            crew = Crew(stack, accounts)
            launch = self._ready_to_play(market, crew, launch)
            result = self._play(market, crew, launch)
        return Told(launch, accounts, result, was_finished=False)

    def _ready_to_play(self, market: Market, crew: Crew, launch: Launch | None) -> Launch:
        """A running launch: learned, planned, approved and started where it is not yet."""
        starts_at, _ = market.days_of(self.sku)
        if launch is None or launch.status in (Launch.Status.DRAFT, Launch.Status.PLANNING):
            crew.learn(as_of=starts_at)
            launch = crew.plan(market.parameters, sku=self.sku, starts_at=starts_at)
        if launch.status == Launch.Status.PLANNED:
            around("Approve plan and words", partial(crew.approve, launch, at=starts_at))
            launch.refresh_from_db()
        if launch.status == Launch.Status.APPROVED:
            around("Start the launch", partial(crew.start, launch, at=starts_at))
        return Launch.objects.select_related("product", "experiment").get(pk=launch.pk)

    def _play(self, market: Market, crew: Crew, launch: Launch) -> Comparison:
        stage = Stage(market, sku=self.sku, launch=str(launch.pk))
        file = self.folder / f"played-{launch.pk}.json"
        played = state.load(file) or stage.opening()
        hours = timedelta(hours=self.parameters.interval_hours)
        for until in bar(list(stage.intervals(since=played.until, length=hours)), title="Play"):
            crew.tend()
            played = self._interval(stage, played, until=until, api=crew.shop)
            run_due(until)
            state.save(played, file=file)
        crew.finish(launch, at=stage.ends_at)
        run_due(stage.ends_at + timedelta(days=1))
        effect = launch_report(launch)["effect"]
        cap = self.parameters.cap_contacts
        result = compare(market, stage.fate, played, effect=effect, cap=cap)
        keep_truth(result, launch=launch.pk)
        return result

    def _interval(self, stage: Stage, played: Played, *, until: datetime, api: Client) -> Played:
        file = self.folder / f"answers-{stage.launch}.json"
        answers = state.kept_answers(file, until=until)
        if answers is None:
            answers = stage.ask(played, until=until, api=api)
            state.keep_answers(answers, until=until, file=file)
        return stage.react(played, until=until, answers=answers, api=api)


class Crew:
    """Those who work in the demo shop: its program and a marketer over REST, and a person."""

    def __init__(self, stack: Stack, accounts: Accounts) -> None:
        self.tend = stack.tend
        self.shop = Client(stack.url, key=accounts.shop_key)
        self._marketer = Client(stack.url, key=accounts.marketer_key)
        self._person = User.objects.get(username=accounts.login)

    def learn(self, *, as_of: datetime) -> None:
        """Have the worker learn what was known before the launch."""
        for title, job in (
            ("Train the interest model", jobs.TRAIN_INTEREST),
            ("Build personas", jobs.BUILD_PERSONAS),
            ("Make recommendations", jobs.RECOMMEND),
        ):
            arguments = {"as_of": as_of.isoformat()}
            run = request_run(job=job, arguments=arguments, now=timezone.now(), by=self._person)
            follow(run, title=title, tend=self.tend)

    def plan(self, parameters: Parameters, *, sku: str, starts_at: datetime) -> Launch:
        """Ask for a plan over REST, as a marketer would, and wait for it."""
        wish = {
            "sku": sku,
            "budget": parameters.budget,
            "currency": parameters.currency,
            "starts_at": starts_at.isoformat(),
            "days": parameters.launch_days,
            "channels": {"onsite": parameters.cost_per_contact},
            "holdout": parameters.holdout,
            "cap_contacts": parameters.cap_contacts,
            "cap_window_hours": parameters.launch_days * 24,
            "as_of": starts_at.isoformat(),
        }
        answer = self._marketer.post("launches/", wish)
        follow(Run.objects.get(pk=answer["run"]), title="Plan the launch", tend=self.tend)
        return Launch.objects.get(pk=answer["id"])

    def approve(self, launch: Launch, *, at: datetime) -> None:
        """A person approves the plan and its creatives; here in the place of the admin."""
        services.approve_launch(launch=launch, by=self._person, now=at)

    def start(self, launch: Launch, *, at: datetime) -> None:
        """Open it to decisions, on simulated time."""
        self._marketer.post(f"launches/{launch.pk}/start/", {"at": at.isoformat()})

    def finish(self, launch: Launch, *, at: datetime) -> None:
        """End it, unless pacing has done so at its end."""
        launch.refresh_from_db()
        if launch.status != Launch.Status.FINISHED:
            self._marketer.post(f"launches/{launch.pk}/finish/", {"at": at.isoformat()})
            launch.refresh_from_db()


def launch_of(sku: str) -> Launch | None:
    """The demo's launch of a product, the latest one."""
    return Launch.objects.filter(product__sku=sku).order_by("-created_at").first()


def run_due(until: datetime) -> None:
    """Pacing, rollups and weights, as far as they are due by then. Raises WorkFailed.

    The nightly jobs rest while the launch is played: nothing that it shows depends on them.
    """
    found = due.run_due(until=until, now=timezone.now(), only=DELIVERY)
    errors = [f"{done.job}: {done.error}" for done in found if done.error]
    if errors:
        raise WorkFailed("; ".join(errors))


def around(title: str, work: Callable[[], T]) -> T:
    """Do one thing, and say how long it took."""
    with step(title):
        return work()


@contextmanager
def running_stack() -> Iterator[Stack]:
    """Real processes, started at once; they are ready some seconds later."""
    stack = Stack(environment=CLOCK)
    around("Start web, workers and beat", stack.start)
    try:
        yield stack
    finally:
        around("Stop web, workers and beat", stack.stop)
