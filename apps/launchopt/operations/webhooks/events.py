"""What LaunchOpt tells other systems, by name, in words for the person who chooses."""

from __future__ import annotations

LAUNCH_STARTED = "launch.started"
LAUNCH_PAUSED = "launch.paused"
LAUNCH_RESUMED = "launch.resumed"
LAUNCH_FINISHED = "launch.finished"
ALERT_OPENED = "alert.opened"
ALERT_RESOLVED = "alert.resolved"
CREATIVE_APPROVED = "creative.approved"
CREATIVE_WITHDRAWN = "creative.withdrawn"
RUN_FINISHED = "run.finished"
MESSAGE_DECIDED = "message.decided"
TEST = "webhook.test"  # goes to the endpoint that a person tests, whatever it asked for

EVENTS = {
    LAUNCH_STARTED: "A launch was started.",
    LAUNCH_PAUSED: "A launch was paused.",
    LAUNCH_RESUMED: "A paused launch goes on.",
    LAUNCH_FINISHED: "A launch is over.",
    ALERT_OPENED: "Something needs a person.",
    ALERT_RESOLVED: "What needed a person is well again.",
    CREATIVE_APPROVED: "Words were approved.",
    CREATIVE_WITHDRAWN: "Words were taken out of service.",
    RUN_FINISHED: "Long work, such as a plan or recommendations, has ended well or badly.",
    MESSAGE_DECIDED: "A message for a customer, to be sent by the receiver: the channel webhook.",
}
