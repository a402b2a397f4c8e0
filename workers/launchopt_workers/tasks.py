"""Where Celery looks for tasks: every `tasks` module of the packages beside this file is imported.

The worker of the `cpu` queue imports them too and must stay without torch: a body that needs
`launchopt_ml` imports it when it runs.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from pkgutil import iter_modules

import launchopt_workers

for _package in iter_modules(launchopt_workers.__path__, "launchopt_workers."):
    if _package.ispkg and find_spec(f"{_package.name}.tasks"):
        import_module(f"{_package.name}.tasks")
