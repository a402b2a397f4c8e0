"""The demo app of the reference host."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Holds the command that builds the demo shop and runs one launch in it."""

    name = "launchopt_project.demo"
    label = "launchopt_demo"
    verbose_name = "LaunchOpt: demo shop"
