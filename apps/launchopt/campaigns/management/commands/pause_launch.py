"""`manage.py pause_launch LAUNCH`."""

from __future__ import annotations

from launchopt.campaigns import services
from launchopt.campaigns.management.lifecycle import LifecycleCommand


class Command(LifecycleCommand):
    """Show nothing from now on."""

    help = "Pause a running launch: nothing is shown from now on."
    example = "manage.py pause_launch 5f0c6a8e-..."
    service = services.pause_launch
