"""The worker of the tests is a real one."""

from launchopt.operations import heartbeats
from launchopt_project.celery import app


class TestRealWorker:
    def test_works_on_both_queues(self, real_worker):
        real_worker.wait_until(lambda: not heartbeats.silent_queues())
        app.send_task("launchopt_project.no_such_task", queue="cpu")
        real_worker.wait_until_idle()
        real_worker.wait_until(lambda: "no_such_task" in real_worker.words())
