"""What an explanation is made of. Every sentence about AWS carries where it is written."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Source(Struct, frozen=True):
    """A place in a document: `document` is "user guide", "botocore model", "Auto Scaling guide",
    "CloudWatch guide", "EBS guide" or "experience".
    """

    document: str
    place: str

    @property
    def text(self) -> str:
        """`user guide, instance-retirement`."""
        return f"{self.document}, {self.place}"


def guide(page: str) -> Source:
    """A page of the EC2 user guide, by its file name without .html."""
    return Source("user guide", page)


def model(shape: str) -> Source:
    """A shape or operation of the botocore service model."""
    return Source("botocore model", shape)


SCHED = guide("monitoring-instances-status-check_sched")
VIEW = guide("viewing_scheduled_events")
REBOOT_EVENT = guide("schedevents_actions_reboot")
RETIRE_EVENT = guide("schedevents_actions_retire")
MAINTENANCE_EVENT = guide("schedevents_actions_maintenance")
RETIREMENT = guide("instance-retirement")
RESCHEDULE = guide("reschedule-event")
WINDOWS = guide("event-windows")
HOSTS_MAINTENANCE = guide("dedicated-hosts-maintenance")
HOSTS_PLACEMENT = guide("dedicated-hosts-understanding")
LIFECYCLE = guide("ec2-instance-lifecycle")
STOP_START = guide("Stop_Start")
STORE = guide("instance-store-lifetime")
ADDRESSING = guide("using-instance-addressing")
ELASTIC_IP = guide("elastic-ip-addresses-eip")
STOP_PROTECTION = guide("ec2-stop-protection")
MANAGED = guide("amazon-ec2-managed-instances")
STATUS_CHECKS_GUIDE = guide("monitoring-system-instance-status-check")
TROUBLE_CHECKS = guide("TroubleshootingInstances")
APPLICATION_CHECKS = guide("application-status-checks")
RECOVERY = guide("instance-configuration-recovery")
SPOT = guide("how-spot-instances-work")
GROUP_HEALTH = Source("Auto Scaling guide", "ec2-auto-scaling-health-checks")
GROUP_STANDBY = Source("Auto Scaling guide", "as-enter-exit-standby")
ALARMS = Source("CloudWatch guide", "UsingAlarmActions")
VOLUME_STATUS = Source("EBS guide", "monitoring-volume-checks")
MODEL_EVENT = model("InstanceStatusEvent")
MODEL_STATUS = model("InstanceStatusSummary")
MODEL_REASON = model("StateReason")
EXPERIENCE = Source("experience", "an operator's, not AWS's")


class Kind(StrEnum):
    """What question a paragraph answers."""

    HAPPENING = "happening"
    AWS_WILL = "aws-will"
    WHEN = "when"
    SURVIVES = "survives"
    LOST = "lost"
    DO = "do"
    DO_NOT = "do-not"
    CLEARS = "clears"
    NOTE = "note"

    def says(self, text: str, *sources: Source) -> Paragraph:
        """A paragraph of this kind."""
        return Paragraph(self, text, sources)


KIND_TITLES = {
    Kind.HAPPENING: "what happens",
    Kind.WHEN: "when",
    Kind.AWS_WILL: "AWS will",
    Kind.SURVIVES: "survives",
    Kind.LOST: "lost",
    Kind.DO: "do",
    Kind.DO_NOT: "do NOT",
    Kind.CLEARS: "clears it",
    Kind.NOTE: "note",
}
"""What each is called, in the order in which a reader at night asks."""


def heading(kind: Kind) -> str:
    """Its title at the beginning of a line: `What happens`."""
    title = KIND_TITLES[kind]
    return title[0].upper() + title[1:]


class Paragraph(Struct, frozen=True):
    """One plain-text answer. Without sources it only repeats what was read of this instance."""

    kind: Kind
    text: str
    sources: tuple[Source, ...] = ()


class Recommendation(Struct, frozen=True):
    """The verb to press now, its key, and why. A blocked action is never recommended."""

    verb: str
    key: str
    why: str


class Explanation(Struct, frozen=True):
    """What the console says of an instance. `headline` and `diagnosis_short` are single lines.

    `instead`: what helps where the evidence says that no key does; it is empty otherwise.
    """

    headline: str
    paragraphs: tuple[Paragraph, ...] = ()
    recommended: Recommendation | None = None
    diagnosis_short: str = ""
    instead: str = ""

    @property
    def sources(self) -> tuple[Source, ...]:
        """All of them, once each, in order of appearance."""
        return tuple(dict.fromkeys(source for paragraph in self.paragraphs for source in paragraph.sources))

    def of(self, kind: Kind) -> tuple[Paragraph, ...]:
        """The paragraphs of one kind."""
        return tuple(paragraph for paragraph in self.paragraphs if paragraph.kind is kind)
