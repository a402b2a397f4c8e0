"""The demo app of the reference host."""

from django.apps import AppConfig


class DemoConfig(AppConfig):
    """Holds the command that builds the demo shop and runs one launch in it."""

    name = "launchopt_project.demo"
    label = "launchopt_demo"
    verbose_name = "LaunchOpt: demo shop"

    def ready(self) -> None:
        """Let the report of a launch that the demo has played tell the truth, too."""
        from launchopt.campaigns.reporting import add_section
        from launchopt_project.demo.truth_section import truth_of

        add_section(truth_of)
