"""The web process: gunicorn, granian or any other WSGI server starts here."""

import os

# Before the settings are read: a web process knows nothing of the workers' code.
os.environ.setdefault("LAUNCHOPT_ROLE", "web")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "launchopt_project.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
