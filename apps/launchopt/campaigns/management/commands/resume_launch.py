"""`manage.py resume_launch LAUNCH`."""

from __future__ import annotations

from launchopt.campaigns import services
from launchopt.campaigns.management.lifecycle import LifecycleCommand


class Command(LifecycleCommand):
    """Let a paused launch go on."""

    help = "Let a paused launch go on."
    example = "manage.py resume_launch 5f0c6a8e-..."
    service = services.resume_launch
