"""What a stop, a reboot, a move costs: a table, and the sentences for one instance made from it."""

from __future__ import annotations

from msgspec import Struct

from tui.domain.guidance.base import (
    ADDRESSING,
    ELASTIC_IP,
    HOSTS_MAINTENANCE,
    LIFECYCLE,
    MAINTENANCE_EVENT,
    REBOOT_EVENT,
    RETIREMENT,
    SCHED,
    STORE,
    Kind,
    Paragraph,
    Source,
)
from tui.domain.guidance.subject import Subject
from tui.domain.hazards.network import public_returns
from tui.domain.instance import PublicAddress


class Effect(Struct, frozen=True):
    """True = kept, False = lost, None = AWS does not say. `auto` is a public IPv4 that is not an Elastic IP."""

    memory: bool
    store: bool | None
    disks: bool
    addresses: bool
    auto: bool | None
    sources: tuple[Source, ...]


STOP = Effect(False, False, True, True, False, (SCHED, LIFECYCLE, STORE))
TERMINATE = Effect(False, False, False, False, False, (SCHED, RETIREMENT, ELASTIC_IP))
REBOOT = Effect(False, True, True, True, True, (REBOOT_EVENT, LIFECYCLE, STORE))
NETWORK = Effect(True, True, True, True, True, (MAINTENANCE_EVENT,))
POWER_EFFECT = Effect(False, True, True, True, True, (MAINTENANCE_EVENT, STORE, LIFECYCLE))
HOST_MOVE = Effect(False, None, True, True, None, (HOSTS_MAINTENANCE,))


def survival(subject: Subject, effect: Effect, intro: str = "") -> tuple[Paragraph, ...]:
    """The paragraphs *survives* and *lost*, naming this instance's addresses and disks."""
    kept, lost = _memory(subject, effect)
    for part_kept, part_lost in (
        _disks(subject, effect),
        _store(subject, effect),
        _addresses(subject, effect),
    ):
        kept += part_kept
        lost += part_lost
    sources = effect.sources
    if any("public IPv4" in text for text in lost):
        sources = (*sources, ADDRESSING)
    prefix = f"{intro}: " if intro else ""
    result = []
    if kept:
        result.append(Kind.SURVIVES.says(_sentence(prefix, kept), *effect.sources))
    result.append(Kind.LOST.says(_sentence(prefix, lost or ["nothing"]), *sources))
    return tuple(result)


def _sentence(prefix: str, parts: list[str]) -> str:
    text = f"{prefix}{'; '.join(parts)}."
    return text[0].upper() + text[1:]


def _memory(subject: Subject, effect: Effect) -> tuple[list[str], list[str]]:
    memory = [] if subject.down else ["what is in memory"]
    return (memory, []) if effect.memory else ([], memory)


def _disks(subject: Subject, effect: Effect) -> tuple[list[str], list[str]]:
    count = len(subject.instance.volumes)
    if not effect.disks:
        # Volumes may outlive a termination (DeleteOnTermination); the instance-store root never does.
        outlive = [v.volume_id for v in subject.instance.volumes if v.delete_on_termination is False]
        return ([f"EBS volumes {', '.join(outlive)}"] if outlive else []), [
            "the root device and the instance itself"
        ]
    if subject.root == "instance-store" and not count:
        return [], []
    return [f"EBS data ({count} volume{'s' if count > 1 else ''})" if count else "EBS data"], []


def _store(subject: Subject, effect: Effect) -> tuple[list[str], list[str]]:
    if subject.store is False:
        return [], []
    if subject.general:
        unsure = "instance-store data, where there is any"
    elif subject.store is None:
        unsure = "instance-store data, if it has any (don't know: its type was not read)"
    elif subject.type is not None and subject.type.nvme_storage is False:
        unsure = f"{subject.store_name}, if it was mapped at launch (the API no longer shows that)"
    else:
        unsure = f"everything on the {subject.store_name}" if subject.root == "ebs" else subject.store_name
    if effect.store is None:
        return [], [f"perhaps {unsure}: AWS's pages do not say"]
    return ([unsure], []) if effect.store else ([], [unsure])


def _addresses(subject: Subject, effect: Effect) -> tuple[list[str], list[str]]:
    instance = subject.instance
    private = f"private IP {instance.private_ip}" if instance.private_ip else "the private IPs"
    fixed = [private]
    ipv6 = [ip for interface in instance.interfaces for ip in interface.ipv6]
    if ipv6:
        fixed.append(f"IPv6 {', '.join(ipv6)}")
    if instance.public_kind is PublicAddress.ELASTIC:
        elastic = f"Elastic IP {instance.public_ip}".rstrip()
        if not effect.addresses:
            return [f"{elastic} stays yours, without an instance"], fixed
        fixed.append(elastic)
    if subject.general and effect.addresses:
        fixed.append("an Elastic IP")
    auto_kept, auto_lost = _auto(subject, effect)
    if effect.addresses:
        return fixed + auto_kept, auto_lost
    if subject.general:
        auto_kept = [*auto_kept, "an Elastic IP stays yours, without an instance"]
    return auto_kept, fixed + auto_lost


def _auto(subject: Subject, effect: Effect) -> tuple[list[str], list[str]]:
    instance = subject.instance
    kind = instance.public_kind
    if kind in (PublicAddress.NONE, PublicAddress.ELASTIC):
        return [], []
    if kind is PublicAddress.AUTO:
        name = f"public IPv4 {instance.public_ip} (not an Elastic IP)"
    elif subject.general:
        name = "a public IPv4 that is not an Elastic IP"
    else:
        name = "a public IPv4 that is not an Elastic IP, if it has one (don't know: not read)"
    if effect.auto is None:
        return [], [f"perhaps {name}: AWS's pages do not say"]
    if effect.auto:
        return [name], []
    if not effect.addresses:
        return [], [name]
    if subject.general:
        again = "the start brings another, or none where there is a second interface"
    else:
        again = "the start brings another" if public_returns(instance) else "the start brings none"
    return [], [f"{name}: released, {again}"]
