# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sentences of the API, in English and in Dutch. Real wording is unknown: nobody should rely on it."""

from __future__ import annotations

_TEXTS = {
    "not_default": (
        "Warning: the value of '{name}' is not the default. The default value is: '{default}'",
        "Waarschuwing: de waarde van '{name}' is niet de standaardwaarde. De standaardwaarde is: '{default}'",
    ),
    "deprecated": (
        "Warning: this call is deprecated and will be removed in a future release.",
        "Waarschuwing: deze aanroep is verouderd en wordt in een volgende versie verwijderd.",
    ),
    "method": ("Error: only the HTTP method GET is supported.", "Fout: alleen de HTTP-methode GET wordt ondersteund."),
    "unknown_method": ("Error: unknown API method '{call}'.", "Fout: onbekende API-methode '{call}'."),
    "no_call": (
        "Incorrect usage of API: the argument 'call' is missing.",
        "Onjuist gebruik van de API: het argument 'call' ontbreekt.",
    ),
    "unknown_argument": (
        "Incorrect usage of API: unknown argument '{name}'.",
        "Onjuist gebruik van de API: onbekend argument '{name}'.",
    ),
    "repeated": (
        "Incorrect usage of API: argument '{name}' was given more than once.",
        "Onjuist gebruik van de API: argument '{name}' is meer dan eens opgegeven.",
    ),
    "bad_value": ("Error: invalid value for argument '{name}'.", "Fout: ongeldige waarde voor argument '{name}'."),
    "too_long": (
        "Error: argument '{name}' exceeds the maximum of {limit} characters.",
        "Fout: argument '{name}' is langer dan het maximum van {limit} tekens.",
    ),
    "node_fail": (
        "Error: the command could not be executed on {nodes}: connection timed out.",
        "Fout: de opdracht kon niet worden uitgevoerd op {nodes}: time-out van de verbinding.",
    ),
    "credential": ("Supplied credential is invalid.", "De opgegeven aanmeldgegevens zijn ongeldig."),
    "permission": ("You have no permissions to execute '{call}'.", "U hebt geen rechten om '{call}' uit te voeren."),
    "ip_restricted": (
        "You have no access to this API, current IP address: {client}.",
        "U hebt geen toegang tot deze API, huidig IP-adres: {client}.",
    ),
}


def say(language: str, key: str, **values: object) -> str:
    """Return sentence `key` in `language` (en or nl) with its gaps filled."""
    return _TEXTS[key][language == "nl"].format(**values)
