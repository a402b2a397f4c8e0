"""The web process: granian, uvicorn or any other ASGI server starts here."""

import os

# Before the settings are read: a web process knows nothing of the workers' code.
os.environ.setdefault("LAUNCHOPT_ROLE", "web")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "launchopt_project.settings")

from django.core.asgi import get_asgi_application

application = get_asgi_application()
