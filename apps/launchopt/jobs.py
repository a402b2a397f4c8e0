"""The names and queues of background work: all that the web knows of workers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from celery import current_app
from django.db import transaction


class Queue(StrEnum):
    """Who works on it: `gpu` workers load torch, `cpu` workers never do."""

    GPU = "gpu"
    CPU = "cpu"


@dataclass(frozen=True)
class Job:
    """A promise by name. `title` is what a person reads."""

    name: str
    queue: Queue
    title: str


EMBED_PRODUCTS = Job("launchopt.prediction.embed_products", Queue.GPU, "Read product texts")
TRAIN_INTEREST = Job("launchopt.prediction.train_interest", Queue.GPU, "Train the interest model")
SEARCH_INTEREST = Job(
    "launchopt.prediction.search_interest", Queue.GPU, "Search the interest model's parameters"
)
TRAIN_UPLIFT = Job("launchopt.uplift.train_uplift", Queue.GPU, "Learn what a contact adds")
WATCH_DRIFT = Job("launchopt.watching.watch_drift", Queue.CPU, "Watch the interest model for drift")
SCORE_INTEREST = Job("launchopt.prediction.score_interest", Queue.GPU, "Predict interest")
SCORE_SHARD = Job("launchopt.prediction.score_shard", Queue.GPU, "Score a share of the customers")
EXPLAIN_INTEREST = Job("launchopt.prediction.explain_interest", Queue.GPU, "Explain a prediction")
SCORE_NEW_PRODUCTS = Job("launchopt.prediction.score_new_products", Queue.GPU, "Score new products")
SHRINK_ENCODER = Job("launchopt.encoders.shrink_encoder", Queue.GPU, "Make a smaller encoder")
TUNE_ENCODER = Job("launchopt.encoders.tune_encoder", Queue.GPU, "Tune the encoder")
COMPARE_ENCODERS = Job("launchopt.encoders.compare_encoders", Queue.GPU, "Compare encoders")
BUILD_PERSONAS = Job("launchopt.prediction.build_personas", Queue.GPU, "Build personas")
RECOMMEND = Job("launchopt.recommendation.recommend", Queue.GPU, "Make recommendations")
OFFER_NEW_PRODUCTS = Job(
    "launchopt.recommendation.offer_new_products", Queue.CPU, "Put new products into lists"
)
WRITE_CREATIVES = Job("launchopt.copywriting.write_creatives", Queue.GPU, "Write creatives")
TRAIN_BRAND_VOICE = Job(
    "launchopt.copywriting.train_brand_voice", Queue.GPU, "Learn a brand's voice"
)
WRITE_THEMES = Job("launchopt.themes.write_themes", Queue.GPU, "Write the themes of lists")
LEARN_APPEAL = Job("launchopt.appeal.learn_appeal", Queue.GPU, "Learn which words are clicked")
PLAN_LAUNCH = Job("launchopt.planning.plan_launch", Queue.GPU, "Plan a launch")
ROLL_UP_METRICS = Job("launchopt.rollups.roll_up_metrics", Queue.CPU, "Roll up metrics")
PACE_LAUNCHES = Job("launchopt.delivery.pace_launches", Queue.CPU, "Pace running launches")
WATCH_LAUNCHES = Job("launchopt.watching.watch_launches", Queue.CPU, "Watch running launches")
TELL_ALERTS = Job("launchopt.watching.tell_alerts", Queue.CPU, "Tell people of alerts")
LEARN_BEST_HOURS = Job(
    "launchopt.delivery.learn_best_hours", Queue.CPU, "Learn when customers are in the shop"
)
SEND_MESSAGES = Job("launchopt.delivery.send_messages", Queue.CPU, "Send messages")
SEND_WEBHOOKS = Job("launchopt.webhooks.send_webhooks", Queue.CPU, "Tell other systems")
UPDATE_WEIGHTS = Job("launchopt.delivery.update_weights", Queue.CPU, "Update variant weights")
CREATE_PARTITIONS = Job(
    "launchopt.maintenance.create_partitions", Queue.CPU, "Create event partitions"
)
RESCUE_RUNS = Job("launchopt.maintenance.rescue_runs", Queue.CPU, "Take up lost runs")

ALL = {job.name: job for job in list(globals().values()) if isinstance(job, Job)}


def send(job: Job, **arguments: Any) -> None:
    """Send a job when the transaction in force commits; arguments are ids and ISO instants.

    A broker that is away is logged, not raised: what was committed stays, and the schedules
    that look for work left over find it.
    """
    transaction.on_commit(partial(_send_now, job, arguments), robust=True)


def _send_now(job: Job, arguments: dict[str, Any]) -> None:
    current_app.send_task(job.name, kwargs=arguments, queue=job.queue.value)


def reach_broker(*, timeout_seconds: float) -> None:
    """Connect to the broker, or raise what hinders it within about this time."""
    with current_app.connection_for_write(connect_timeout=timeout_seconds) as connection:
        connection.ensure_connection(max_retries=1, timeout=timeout_seconds)
