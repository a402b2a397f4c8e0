"""What every command does alike: an interruption is one line, not a traceback."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from launchopt.operations.commands import LaunchOptCommand


class Interrupted(LaunchOptCommand):
    """A command that a person stops in the middle."""

    def work(self, **_options):
        raise KeyboardInterrupt


def test_ctrl_c_ends_with_one_line_and_the_exit_code_of_shells():
    with pytest.raises(CommandError, match=r"Interrupted\. What was finished stays") as error:
        call_command(Interrupted())
    assert error.value.returncode == 130
