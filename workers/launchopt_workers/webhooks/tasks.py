"""The outbox of webhooks: on commit of an event, and every half minute for what failed."""

from __future__ import annotations

from typing import Any

import numpy as np

from launchopt import jobs
from launchopt.operations.runs import Work
from launchopt.operations.webhooks.keeping import delete_old
from launchopt.operations.webhooks.sending import send_due
from launchopt.operations.webhooks.settling import give_up_expired
from launchopt_workers.running import job_body


@job_body(jobs.SEND_WEBHOOKS)
def send_webhooks(work: Work, **_: Any) -> dict[str, Any]:
    """Try what is due, give up what came too late, and forget what has long ended."""
    sent = send_due(clock=work.clock, rng=np.random.default_rng())
    expired = give_up_expired(now=work.clock())
    return sent | {"expired": expired, "deleted": delete_old(now=work.clock())}
