#!/usr/bin/env python
"""Django's command line for the reference project."""

import os
import sys


def main() -> None:
    """Run one management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "launchopt_project.settings")
    # torch's threads wait in turn instead of spinning, which starves whatever runs beside them.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
