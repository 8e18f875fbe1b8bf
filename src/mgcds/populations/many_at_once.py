"""Groups of lines, as they came together: patients whose data are plain by the fast way, many at once, and the others by the exact one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import NamedTuple

from mgcds.populations.one_by_one import Line, Read, read_group
from mgcds.populations.plain import Flat

_AT_ONCE = 20_000  # patients; what one statement costs by itself is then little


class Group(NamedTuple):
    """Lines that belong together, in their order; what they may look up. `again` gives its own lines another time: they are not held for
    long.
    """

    own: Sequence[Line]
    shared: Collection[Line]
    again: Callable[[], Iterable[Line]]


def read_groups(groups: Iterable[Group], flat: Flat, whole: bool, read: Read) -> None:
    """Every group; `whole`: there is only one patient."""
    plain: list[Group] = []
    for group in groups:
        if flat.take([text for _, text in group.own], (text for _, text in group.shared)):
            read_group(group.own, group.shared, flat.pack, flat.on, whole, read)
        else:
            plain.append(group._replace(own=()))
        if len(plain) == _AT_ONCE:
            _read_plain(plain, flat, whole, read)
            plain = []
    _read_plain(plain, flat, whole, read)


def _read_plain(groups: Sequence[Group], flat: Flat, whole: bool, read: Read) -> None:
    """The facts of those that were taken; whose rows turn out not to be plain is read one by one after all."""
    if not groups:
        return
    facts, left = flat.facts()
    read.add_table(facts)
    for number, (group, unused, used) in enumerate(zip(groups, flat.unused, flat.used, strict=True)):
        if number in left:
            read_group(group.again(), group.shared, flat.pack, flat.on, whole, read)
        else:
            read.unused.update(unused)
            read.used.update(used)
    flat.clear()
