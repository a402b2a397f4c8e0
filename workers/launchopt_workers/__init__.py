"""Celery workers and the commands that need `launchopt_ml`. A web process never imports this."""
