# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this plugin util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""What the variables of the playbooks say: the table in ``_variables`` applied to the values of one host.

The same value arrives in many forms: as YAML has it, as text from ``-e name=value``, and from AWX as text that
ansible-core 2.19 and later read as YAML once more, so that an empty answer is null and 514 a number.
"""

from __future__ import annotations

import dataclasses
import os
import re
import typing as t

from ansible.module_utils.parsing.convert_bool import boolean

from ..module_utils._api.client import api_address
from ..module_utils._api.errors import OptionError, shorten
from ..module_utils._log_format.template import TemplateError, compile_template, log_format
from ..module_utils._remote_syslog.settings import option
from ._variables import BY_NAME, OWN, PREFIX, SETTING_PLAYBOOKS, VARIABLES, Variable, of_playbook

_WAVE = re.compile(r"\s*0*[1-9]\d*%?\s*\Z")
_LONG = 8  # from so many characters on, two may differ in a near miss


class Problem(ValueError):
    """Why a value cannot be used: the sentence without the variable's name, which stands before it."""


@dataclasses.dataclass(frozen=True)
class Given:
    """What one host gives to a playbook.

    given: values by name without the prefix; what is not given and has no default is not there.
    secret: the same of the variables that hold a secret. hidden: the texts that no output may show.
    settings: the options of remote_syslog_server that the variables stand for; empty while anything is wrong.
    missing: names of variables that the playbook needs. problems: sentences, without a secret.
    """

    given: t.Dict[str, t.Any]
    secret: t.Dict[str, t.Any]
    hidden: t.List[str]
    settings: t.Dict[str, t.Any]
    missing: t.List[str]
    problems: t.List[str]


def read(
    playbook: str,
    names: t.Iterable[str],
    value_of: t.Callable[[Variable], t.Any],
    environment: t.Mapping[str, str],
) -> Given:
    """All that a playbook's variables say.

    names: of all variables of the host. value_of: the value of one of them, None if there is none; raises Problem.
    """
    given: t.Dict[str, t.Any] = {}
    secret: t.Dict[str, t.Any] = {}
    missing, problems = [], misspelt(names)
    for variable in of_playbook(playbook):
        try:
            value = value_or_default(variable, value_of(variable), environment)
        except Problem as problem:
            problems.append(f"{variable.name} {problem}")
            continue
        if value is not None:
            # What was saved of many clusters is too large to be handed on with everything else.
            if variable.type != "saved":
                (secret if variable.secret else given)[variable.key] = value
        elif playbook in variable.needed_by:
            missing.append(variable.name)
    settings: t.Dict[str, t.Any] = {}
    if playbook in SETTING_PLAYBOOKS and not missing and not problems:
        settings = _settings(given, secret["log_format"])
    return Given(given, secret, _hidden(secret), settings, missing, problems)


def value_or_default(variable: Variable, value: t.Any, environment: t.Mapping[str, str]) -> t.Any:
    """The checked value, else that of the environment, else the default; None if there is none. Raises Problem."""
    source = ""
    if is_blank(value) and variable.environment:
        value = environment.get(variable.environment)
        source = f"(from the environment variable {variable.environment}) "
    if is_blank(value):
        return variable.default
    try:
        return _CHECKS[variable.type](variable, value)
    except Problem as problem:
        raise Problem(f"{source}{problem}") from None


def is_blank(value: t.Any) -> bool:
    """Whether a value counts as not given."""
    return value is None or (isinstance(value, str) and not value.strip())


def misspelt(names: t.Iterable[str]) -> t.List[str]:
    """A sentence for each name that is a near miss of a variable. Other names are the user's own."""
    found = []
    for name in sorted(name for name in names if name.startswith(PREFIX)):
        # None of ours has a digit: east2 is meant as it is written.
        if name in BY_NAME or name in OWN or re.search("[0-9]", name):
            continue
        key = name[len(PREFIX) :].lower()
        near = [variable for variable in VARIABLES if _is_near(key, variable.key)]
        if near:
            meant = f"did you mean {near[0].name}? If it is your own, rename it"
            found.append(f"{name} is not a variable of this collection: {meant}")
    return found


def _is_near(one: str, other: str) -> bool:
    limit = 2 if min(len(one), len(other)) >= _LONG else 1
    return abs(len(one) - len(other)) <= limit and _distance(one, other) <= limit


def _distance(one: str, other: str) -> int:
    """How many letters are missing, too many, wrong or swapped with their neighbour."""
    before, row = [0] * (len(other) + 1), list(range(len(other) + 1))
    for at, char in enumerate(one, 1):
        older, before, row = before, row, [at]
        for there, second in enumerate(other, 1):
            row.append(min(before[there] + 1, row[-1] + 1, before[there - 1] + (char != second)))
            if at > 1 and there > 1 and (char, one[at - 2]) == (other[there - 2], second):
                row[-1] = min(row[-1], older[there - 2] + 1)
    return row[-1]


def _text(_variable: Variable, value: t.Any) -> str:
    # A number is the text of its digits; what else YAML makes of a text does not tell what the text was.
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise Problem(f"must be text, not {_kind(value)}; put it in quotes")
    return str(value).strip()


def _secret_or_text(variable: Variable, value: t.Any) -> str:
    return value if variable.secret and isinstance(value, str) else _text(variable, value)


def _hosts(variable: Variable, value: t.Any) -> t.Any:
    return value if isinstance(value, list) else _text(variable, value)


def _bool(variable: Variable, value: t.Any) -> bool:
    try:
        return bool(boolean(value))
    except TypeError:
        raise Problem(f"must be true or false, not {_shown(variable, value)}") from None


def _int(variable: Variable, value: t.Any) -> int:
    is_number = isinstance(value, (str, int)) and re.match(r"\s*\+?[0-9]{1,9}\s*\Z", str(value))
    if is_number and int(value) >= variable.minimum:
        return int(value)
    raise Problem(f"must be a whole number, {variable.minimum} or more, not {_shown(variable, value)}")


def _serial(variable: Variable, value: t.Any) -> t.Union[str, t.List[str]]:
    waves = value if isinstance(value, list) else [value]
    if waves and all(isinstance(wave, (str, int)) and _WAVE.match(str(wave)) for wave in waves):
        return [str(wave).strip() for wave in waves] if isinstance(value, list) else str(value).strip()
    raise Problem(f"must be a number of clusters such as 5, or a percentage such as 10%, not {_shown(variable, value)}")


def _choice(variable: Variable, value: t.Any) -> str:
    # YAML reads off as false.
    text = "off" if value is False and "off" in variable.choices else _text(variable, value)
    if text not in variable.choices:
        raise Problem(f"must be one of {', '.join(variable.choices)}, not {_shown(variable, value)}")
    return text


def _path(variable: Variable, value: t.Any) -> str:
    path = _text(variable, value)
    if not os.path.isabs(path) or not os.path.isdir(os.path.dirname(path)) or os.path.isdir(path):
        raise Problem("must be the absolute path of a file, in a directory that exists on the controller")
    return path


def _list(variable: Variable, value: t.Any) -> t.List[str]:
    items = value if isinstance(value, list) else _text(variable, value).split(",")
    return [_text(variable, item) for item in items]


def _setting(variable: Variable, value: t.Any) -> t.Any:
    try:
        return option(variable.type, _text(variable, value))
    except OptionError as error:
        raise Problem(error.message.split(" ", 1)[1]) from None


def _api_url(variable: Variable, value: t.Any) -> str:
    url = _text(variable, value)
    try:
        api_address(url)
    except OptionError as error:
        sentence = error.message.split(" ", 1)[1]
        raise Problem(re.sub(r"\b(api_(?:username|password))\b", PREFIX + r"\1", sentence)) from None
    return url


def _log_format(_variable: Variable, value: t.Any) -> t.Dict[str, t.Any]:
    if not isinstance(value, t.Mapping):
        raise Problem(f"must be a dictionary, not {_kind(value)}")
    try:
        made = log_format(value)
        for kind in ("message", "status"):
            compile_template(made, kind)
    except TemplateError as error:
        raise Problem(f"cannot be used: {error}") from None
    return dict(value)


def _saved(_variable: Variable, value: t.Any) -> t.Any:
    if not isinstance(value, (str, t.Mapping)):
        raise Problem(f"must be a dictionary, or text that holds one, not {_kind(value)}")
    return value


_CHECKS: t.Dict[str, t.Callable[[Variable, t.Any], t.Any]] = {
    "text": _secret_or_text,
    "hosts": _hosts,
    "bool": _bool,
    "int": _int,
    "serial": _serial,
    "choice": _choice,
    "path": _path,
    "list": _list,
    "api_url": _api_url,
    "log_format": _log_format,
    "saved": _saved,
    **dict.fromkeys(("host", "port", "facility", "level", "socket_type"), _setting),
}


def _kind(value: t.Any) -> str:
    kinds = ((bool, "true or false"), (str, "text"), ((int, float), "a number"), (t.Mapping, "a dictionary"))
    known = (*kinds, ((list, tuple), "a list"))
    return next((words for kind, words in known if isinstance(value, kind)), type(value).__name__)


def _shown(variable: Variable, value: t.Any) -> str:
    return repr(shorten(value)) if isinstance(value, str) and not variable.secret else _kind(value)


def _settings(given: t.Mapping[str, t.Any], wanted: t.Mapping[str, t.Any]) -> t.Dict[str, t.Any]:
    """The settings that configure gives a cluster and audit expects of it. What is not given is not managed."""
    made = log_format(wanted)
    named = {
        "host": given["receiver_host"],
        "port": given["receiver_port"],
        "socket_type": given["receiver_transport"],
        "facility": given.get("facility"),
        "level": given.get("level"),
        "enabled": True,
        "message_template": compile_template(made, "message"),
        "status_template": compile_template(made, "status"),
    }
    return {name: value for name, value in named.items() if value is not None}


def _hidden(secret: t.Mapping[str, t.Any]) -> t.List[str]:
    """The texts that templates hold and no output may show."""
    fmt = secret.get("log_format") or {}
    found = (fmt.get("secret"), secret.get("restore_secret"), *(fmt.get("previous_secrets") or ()))
    return [str(secret) for secret in found if secret]
