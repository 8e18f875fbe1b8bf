"""The yardstick of reading decodes what the reader reads: the same values of the same results, out of a Bundle of the size that is said."""

from __future__ import annotations

import msgspec

from bench.reading import ON, SIZE, Bundle, grown
from mgcds.fhir import read_bundle
from mgcds.fhir.observations import measured_codes
from mgcds.loading import load_pack


def test_the_yardstick_decodes_every_value_that_is_read() -> None:
    content = grown(200_000)
    codes = measured_codes(load_pack())
    record = read_bundle(content, load_pack(), ON).record
    decoded: dict[str, list[str]] = {}
    for entry in msgspec.json.decode(content, type=Bundle).entry:
        resource = entry.resource
        for coding in resource.code.coding if resource is not None and resource.code is not None else ():
            if resource is not None and coding.code in codes and resource.valueQuantity is not None:
                decoded.setdefault(codes[coding.code].id, []).append(str(resource.valueQuantity.value))
    assert decoded
    for item, values in decoded.items():
        assert sorted(values) == sorted(str(each.value) for each in getattr(record, item))


def test_the_bundle_has_the_size_that_is_said() -> None:
    assert SIZE <= len(grown()) < 1.1 * SIZE
