"""What a stack needs before it serves: migrations, static files, and no task left with the dead."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Prepare the data of this home. The supervisor holds the home's serving lock meanwhile."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "launchopt_project.settings")
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    call_command("collectstatic", interactive=False, verbosity=0)
    given_back = give_back_tasks()
    if given_back:
        sys.stderr.write(f"{given_back} tasks of workers that were killed go back to the queue\n")


def give_back_tasks() -> int:
    """Put what killed workers held back on its queue at once, and count it.

    Redis would do so only after the visibility timeout. No worker of this home runs now, so
    whatever is held is held by the dead. Other brokers give back by themselves.
    """
    from launchopt_project.celery import app

    with app.connection_for_write() as connection:
        channel = connection.default_channel
        if connection.transport.driver_type != "redis":
            return 0
        tags = channel.client.hkeys(channel.unacked_key)
        for tag in tags:
            channel.qos.restore_by_tag(tag.decode() if isinstance(tag, bytes) else tag)
    return len(tags)


if __name__ == "__main__":
    main()
