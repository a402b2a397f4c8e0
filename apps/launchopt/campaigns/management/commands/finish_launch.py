"""`manage.py finish_launch LAUNCH`."""

from __future__ import annotations

from launchopt.campaigns import services
from launchopt.campaigns.management.lifecycle import LifecycleCommand


class Command(LifecycleCommand):
    """End a launch for good."""

    help = "Finish a launch for good."
    example = "manage.py finish_launch 5f0c6a8e-..."
    service = services.finish_launch
