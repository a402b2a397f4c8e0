"""`manage.py start_launch LAUNCH`."""

from __future__ import annotations

from launchopt.campaigns import services
from launchopt.campaigns.management.lifecycle import LifecycleCommand


class Command(LifecycleCommand):
    """Open a launch to decisions."""

    help = "Start an approved launch."
    example = "manage.py start_launch 5f0c6a8e-..."
    service = services.start_launch
