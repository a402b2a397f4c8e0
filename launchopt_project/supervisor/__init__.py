"""Web, workers and beat under one supervisor: `python -m launchopt_project.supervisor`."""

from launchopt_project.supervisor.stack import Stack, StackError

__all__ = ["Stack", "StackError"]
