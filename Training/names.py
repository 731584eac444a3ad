#!/usr/bin/env python3
"""Writes the lists that names are trained with: `names.py OUTPUT`, with Faker 40.63.0 (MIT) from PyPI.

They stay outside the repository.

Given and family names, towns, countries, lines of addresses and firms of all of Faker's locales that write in Latin letters.
Its chance is seeded, so that the same version gives the same file.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
import unicodedata
import zlib

import faker
import faker.providers.person


def isLatin(text: str) -> bool:
    """Whether all letters are Latin ones, and there is one."""
    letters = [letter for letter in text if letter.isalpha()]
    return bool(letters) and all(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)


def names(locale: str, ends: tuple[str, ...]) -> set[str]:
    """What the lists of a locale's persons hold whose names end so."""
    try:
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
    except ModuleNotFoundError:
        return set()
    found: set[str] = set()
    for field in dir(provider):
        if not any(part in field for part in ends) or field.startswith("_"):
            continue
        values = getattr(provider, field)
        if isinstance(values, dict | list | tuple):
            found |= {value for value in values if isinstance(value, str)}
    return {name for name in found if isLatin(name) and "{" not in name and 1 < len(name) < 24}


def samples(locale: str, kind: str, count: int) -> set[str]:
    """What a locale makes by chance."""
    try:
        maker = faker.Faker(locale)
    except (AttributeError, ModuleNotFoundError):
        return set()
    # What Faker makes of sets comes in another order each time.
    for provider in maker.get_providers():
        if isinstance(cities := getattr(provider, "cities", None), list):
            provider.cities = sorted(cities)
    maker.seed_instance(20261126)
    found: set[str] = set()
    for _ in range(count):
        try:
            found.add(" ".join(str(getattr(maker, kind)()).split()))
        except (AttributeError, ValueError):
            return found
    return {text for text in found if isLatin(text) and 2 < len(text) < 64}


def some(values: set[str], count: int) -> set[str]:
    """So many of them, by no order that they have of themselves."""
    return set(sorted(values, key=lambda value: zlib.crc32(value.encode()))[:count])


def main() -> None:
    locales = sorted(module.name for module in pkgutil.iter_modules(faker.providers.person.__path__))
    lists: dict[str, set[str]] = {name: set() for name in ("given", "family", "town", "country", "street", "firm")}
    for locale in locales:
        lists["given"] |= some(names(locale, ("first_name",)), 400)
        lists["family"] |= some(names(locale, ("last_name",)), 400)
        if "_" not in locale:
            continue
        lists["town"] |= samples(locale, "city", 160)
        lists["street"] |= samples(locale, "street_address", 60)
        lists["firm"] |= samples(locale, "company", 40)
        lists["country"] |= set(samples(locale, "country", 250) if locale in ("en_US", "en_GB") else ())
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        for name, values in lists.items():
            file.write(f"[{name}]\n")
            file.writelines(f"{value}\n" for value in sorted(values))


if __name__ == "__main__":
    main()
