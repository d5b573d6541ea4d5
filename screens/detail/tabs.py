"""The further sheets: checks, identity, network, disks, tags."""

from __future__ import annotations

from collections.abc import Iterator

from screens.detail.view_model import Scene
from screens.page import BLANK, Row, head
from tui.domain.guidance import Mark
from tui.domain.instance import CheckName, CheckStatus, Image, Instance, Interface, PublicAddress
from tui.domain.plurals import part_of
from tui.domain.time_format import ago
from tui.presentation.accounts import account_number
from tui.presentation.links import link_style
from tui.presentation.symbols import MARKS, Sign

_CHECKS = {
    CheckName.SYSTEM: ("system", "power, network, host and its software: AWS's side"),
    CheckName.INSTANCE: ("instance", "whether the operating system answers: your side"),
    CheckName.ATTACHED_EBS: ("attached EBS", "whether its volumes complete I/O"),
    CheckName.APPLICATION: ("application", "what you told AWS to check"),
    CheckName.PERFORMANCE: ("performance", "whether AWS sees it slowed down"),
}
_STATUS = {
    CheckStatus.OK: MARKS[Mark.OK],
    CheckStatus.IMPAIRED: Sign("✖", "impaired", "bold red"),
    CheckStatus.INITIALIZING: Sign("?", "initializing", "magenta"),
    CheckStatus.INSUFFICIENT_DATA: Sign("?", "insufficient data", "magenta"),
    CheckStatus.NOT_APPLICABLE: Sign("–", "not applicable", "dim"),
    CheckStatus.NOT_REPORTED: Sign("–", "not reported", "dim"),
    CheckStatus.UNKNOWN: Sign("?", "not known", "bold magenta"),
}
_PUBLIC = {
    PublicAddress.AUTO: "AWS's own: a stop releases it for good",
    PublicAddress.ELASTIC: "Elastic IP: stays",
    PublicAddress.UNKNOWN: "don't know whose it is",
}


def checks(scene: Scene) -> list[Row]:
    """Each with its age in both zones and AWS's own words."""
    rows: list[Row] = []
    for name, (title, what) in _CHECKS.items():
        check = scene.instance.checks.get(name)
        sign = _STATUS[check.status]
        rows.append(Row(f"{sign.named}", title, sign.style, "bold", what))
        if check.since is not None:
            rows.append(Row(f"since {scene.when(check.since)}"))
        if check.detail:
            rows.append(Row(f"AWS's own words: {check.detail}"))
    read = scene.when(scene.status_at) if scene.status_at is not None else "not yet"
    rows += [BLANK, Row(read, "read", "dim")]
    events = [Row(f"{one.code_text}  {one.event_id}", one.state(scene.now).value, note=one.description) for one in
              scene.instance.events]  # fmt: skip
    rows += [BLANK, head("events, as AWS lists them"), *(events or [Row("none", style="dim")])]
    return rows


def identity_tab(scene: Scene) -> list[Row]:
    """What it is, as AWS describes it."""
    row = scene.instance
    if row.inventory_at is None:
        return [Row("not read yet: only its checks and events are known", style="magenta")]
    first = next((one.attached_at for one in row.interfaces if one.device_index == 0), None)
    names = ", ".join(row.profiles or (row.target.profile,))
    return [
        Row(str(row.instance_id), "id", link_style(row) if scene.links else ""),
        Row(f"{account_number(row.account_id)}  (profile {names})", "account"),
        Row(f"{row.target.region}, zone {row.zone or '?'}", "place"),
        Row(row.instance_type, "type", note=row.architecture),
        Row(row.platform or "?", "platform"),
        Row(row.image_id or "?", "image"),
        Row(scene.when(row.launched_at) if row.launched_at else "?", "started"),
        Row(scene.when(first) if first else "?", "first launched"),
        Row(row.lifecycle or "on demand", "lifecycle", note=row.spot_request),
        Row(_tenancy(row), "tenancy"),
        *(Row(text, label) for label, text in _placement(row)),
        Row(row.auto_recovery or "don't know", "auto recovery"),
        Row(row.reboot_migration or "don't know", "reboot migration"),
        Row("on" if row.hibernation else "off", "hibernation"),
        Row(row.iam_profile or "none", "IAM profile"),
        Row(row.key_name or "none", "key pair"),
        BLANK,
        head("protection and membership"),
        *_protection(scene),
    ]


def _tenancy(row: Instance) -> str:
    host = f", Dedicated Host {row.host_id}" if row.host_id else ""
    affinity = f", affinity {row.affinity}" if row.affinity else ""
    return f"{row.tenancy or 'default'}{host}{affinity}"


def _placement_group(row: Instance) -> str:
    return (
        row.placement_group if row.partition is None else f"{row.placement_group}, partition {row.partition}"
    )


def _placement(row: Instance) -> Iterator[tuple[str, str]]:
    for label, text in (
        ("placement group", _placement_group(row)),
        ("reservation", row.capacity_reservation),
        ("outpost", row.outpost),
        ("managed by", row.managed_by),
        ("product codes", ", ".join(row.product_codes)),
    ):
        if text:
            yield label, str(text)


def _protection(scene: Scene) -> Iterator[Row]:
    facts = scene.facts
    for label, field in (
        ("stop protection", "stop_protection"),
        ("termination protection", "termination_protection"),
    ):
        value = getattr(facts, field) if facts is not None else None
        yield _unread(scene, field, label) if value is None else Row("on" if value else "off", label)
    behavior = facts.shutdown_behavior if facts is not None else None
    yield (
        _unread(scene, "shutdown_behavior", "on shutdown")
        if behavior is None
        else Row(behavior, "on shutdown")
    )
    members = facts.membership if facts is not None else None
    if members is None:
        yield _unread(scene, "membership", "Auto Scaling")
    elif not members:
        yield Row("in no group", "Auto Scaling")
    for one in members or ():
        sizes = f"desired {_number(one.desired)}, at least {_number(one.min_size)}"
        yield Row(f"{one.group}: {one.lifecycle} {one.health}, {sizes}", "Auto Scaling")


def _number(value: int | None) -> str:
    return "?" if value is None else str(value)


def _unread(scene: Scene, field: str, label: str) -> Row:
    return Row(scene.unread(field), label, "magenta")


def network(scene: Scene) -> list[Row]:
    """Addresses and whose they are, interfaces, load balancers."""
    row = scene.instance
    if row.inventory_at is None:
        return [Row("not read yet", style="magenta")]
    public = Row("none", "public IPv4", "dim")
    if row.public_ip:
        public = Row(row.public_ip, "public IPv4", note=_PUBLIC.get(row.public_kind, ""))
    rows = [
        public,
        Row(row.public_dns or "none", "public name"),
        Row(row.private_ip or "none", "private IPv4", note="stays until it is terminated"),
        Row(row.vpc_id or "?", "VPC", note=row.subnet_id),
        Row(", ".join(row.security_groups) or "none", "security groups"),
        _session_manager(scene),
        BLANK,
        head("interfaces"),
    ]
    for interface in row.interfaces:
        rows += _interface(interface)
    rows += [BLANK, head("load balancers"), *_target_groups(scene)]
    return rows


def _session_manager(scene: Scene) -> Row:
    """Whether one gets onto it without address and key."""
    label, agents = "session manager", scene.facts.agents if scene.facts is not None else None
    if agents is None:
        return _unread(scene, "agents", label)
    if not agents:
        return Row("does not know it", label, "dim")
    agent = agents[0]
    asked = f"agent {agent.version}" if agent.version else ""
    when = f"last heard of {ago(agent.last_ping, scene.now)}" if agent.last_ping else ""
    note = ", ".join(filter(None, (asked, when)))
    if agent.ping == "Online":
        return Row("reaches it", label, note=note)
    return Row(f"its agent is silent ({agent.ping or '?'})", label, "yellow", note=note)


def _interface(interface: Interface) -> Iterator[Row]:
    yield Row(interface.interface_id, f"device {interface.device_index}", "bold")
    for address in interface.addresses:
        public = f" ↔ {address.public_ip} (owner {address.owner or '?'})" if address.public_ip else ""
        yield Row(f"{address.private_ip}{public}", note="primary" if address.primary else "")
    for ipv6 in interface.ipv6:
        yield Row(ipv6)


def _target_groups(scene: Scene) -> Iterator[Row]:
    groups = scene.facts.target_groups if scene.facts is not None else None
    if groups is None:
        yield _unread(scene, "target_groups", "")
    elif not groups:
        yield Row("in no target group", style="dim")
    for group in groups or ():
        bad = group.health != "healthy"
        port = f", port {group.port}" if group.port else ""
        healthy = f"{part_of(group.healthy, group.members, 'member')} healthy{port}"
        yield Row(f"{group.name}: {group.health}", style="bold yellow" if bad else "", note=healthy)
    yield from _classic_balancers(scene)


def _classic_balancers(scene: Scene) -> Iterator[Row]:
    balancers = scene.facts.classic_balancers if scene.facts is not None else None
    if balancers is None:
        yield _unread(scene, "classic_balancers", "classic")
    elif not balancers:
        yield Row("with no classic load balancer", style="dim")
    for one in balancers or ():
        share = f"{part_of(one.in_service, one.members, 'instance')} in service"
        style = "" if one.state == "InService" else "bold yellow"
        yield Row(f"{one.name} (classic): {one.state}", style=style, note=share)


def disks(scene: Scene) -> list[Row]:
    """The root, each volume with its health, instance store, AMIs."""
    row = scene.instance
    if row.inventory_at is None:
        return [Row("not read yet", style="magenta")]
    rows = [Row(f"{row.root_device or '?'}  {row.root_device_name}", "root")]
    rows += [_store(scene), BLANK, head("EBS volumes"), *_volumes(scene)]
    rows += [
        BLANK,
        head(
            "AMIs of it",
            "by anybody, Data Lifecycle Manager and AWS Backup included; their plans are not asked for",
        ),
        *_images(scene),
    ]
    return rows


def _store(scene: Scene) -> Row:
    kind = (scene.facts.type if scene.facts is not None else None) or scene.instance.type_facts
    if kind is None or kind.instance_storage is None:
        return _unread(scene, "type", "instance store")
    if not kind.instance_storage:
        return Row("none", "instance store")
    size = f"{kind.storage_gb} GB" if kind.storage_gb else "its type has some"
    return Row(f"{size}: lost by a stop, kept by a reboot", "instance store", "bold yellow")


def _volumes(scene: Scene) -> Iterator[Row]:
    health = scene.facts.volumes if scene.facts is not None else None
    known = {one.volume_id: one for one in health or ()}
    if not scene.instance.volumes:
        yield Row("none", style="dim")
    for volume in scene.instance.volumes:
        fate = {
            True: "deleted with the instance",
            False: "outlives the instance",
            None: "don't know its fate",
        }
        yield Row(volume.volume_id, volume.device, "bold", note=fate[volume.delete_on_termination])
        one = known.get(volume.volume_id)
        if health is None:
            yield Row(scene.unread("volumes"), style="magenta")
        elif one is None:
            yield Row("? AWS told no status of it", style="magenta")
        else:
            sign = MARKS[{"ok": Mark.OK, "impaired": Mark.FAILING}.get(one.status, Mark.UNKNOWN)]
            more = ", ".join(f"{what}: {text}" for what, text in (("I/O", one.io_enabled), ("performance", one.io_performance))
                             if text)  # fmt: skip
            yield Row(f"{sign.symbol} {one.status}", style=sign.style, note=more)


def _images(scene: Scene) -> Iterator[Row]:
    images = scene.facts.images if scene.facts is not None else None
    newest = scene.instance.newest_image
    if images is None and newest is None:
        asked = scene.facts is None and scene.instance.images_at is not None
        yield Row("none found", style="yellow") if asked else _unread(scene, "images", "")
    elif images is not None and not images:
        yield Row("none found", style="yellow")
    shown: tuple[Image, ...] = images if images is not None else (newest,) if newest is not None else ()
    for image in sorted(shown, key=lambda one: str(one.created), reverse=True):
        made = f"made {ago(image.created, scene.now)}" if image.created is not None else "made ?"
        yield Row(
            f"{image.name}  {image.image_id}",
            style="",
            note=f"{image.state} {image.state_reason}".strip()
            + f", {made}"
            + f" by {image.maker}" * bool(image.maker),
        )


def tags(scene: Scene) -> list[Row]:
    """The sheet of its tags, sorted by key; one line where there are none, or they are not read yet."""
    if scene.instance.inventory_at is None:
        return [Row("not read yet", style="magenta")]
    return [Row(value, key, label_style="bold") for key, value in sorted(scene.instance.tags)] or [
        Row("none", style="dim")
    ]
