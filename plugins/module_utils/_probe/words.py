# Copyright (c) 2026, spamexperts.local_cloud contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Note that this module util is **PRIVATE** to the collection. It can have breaking changes at any time.
# Do not use this from other collections or standalone plugins/modules!

"""The words that a probe's file may hold. Whatever is not here is given by its shape alone."""

from __future__ import annotations

from .._remote_syslog.write import GET, SET

# Of sentences: warnings, notices and errors. Nothing that names a person, a company or a machine.
_PROSE = """
    access account action address administrator again allowed already an and any api are argument arguments as at
    attempt authentication authorization available bad be been before body but by call calls can cannot change
    changed character characters check cluster code command configuration configured connection could credential
    credentials current currently custom database default defaults delivery denied deprecated disabled doctype does
    done due empty enabled error errors event exceeded exceeds exception executed exist exists expected expired
    failed failure false fatal file five for forbidden form found from function future gateway get given has have
    head help html http if in inactive incorrect input insufficient integer internal invalid ip is it its later
    length less limit line list load log logging login longer longest lookup main maximum may message method methods
    minimum minute missing module more most must name new no node nodes not note notice null number of ok old on one
    only option or order out parameter parameters part password permission permissions permitted please queue range
    recent refused rejected release remote removed reply request required reset response restricted retry return
    returns script see server servers service set setting settings slave sqlstate status submission successful
    successfully supplied support supported syntax syslog system temporarily than that the their there this time
    timed timeout title to too traceback true try type unable unauthorized unavailable undefined unexpected unknown
    unreachable unsupported update usage use used user username using value values version warning warnings was we
    welcome were what when which while will with without wrong you your
"""
PROSE = frozenset(_PROSE.split())
# The calls that a probe makes, or that it looks for in the help.
HELP, STATUS = "api_help", "api_get_json_server_status"
METHODS = frozenset((GET, SET, HELP, STATUS))
# Keys of the status that the vendor's own script reads, and of replies that are objects.
KEYS = frozenset(
    (
        *("load one minute", "load five minutes", "queue count delivery", "queue count submission"),
        *("warnings", "messages", "error", "errors", "result", "settings", "status", "success", "message", "data"),
    )
)
# What objects hold besides numbers and texts, and how replies show that there is no value.
LITERALS = frozenset(("true", "false", "null", "True", "False", "None"))
# Of HTTP headers.
SERVERS = frozenset(
    ("apache", "nginx", "lighttpd", "cherrypy", "twisted", "tornado", "werkzeug", "python", "gunicorn", "openresty")
    + ("cherokee", "haproxy", "varnish", "envoy", "basehttp", "simplehttp", "iis", "uwsgi", "waitress")
)
MEDIA = frozenset(
    ("text/plain", "text/html", "text/xml", "text/csv", "application/json", "application/xml", "application/xhtml+xml")
    + ("application/octet-stream", "text/x-python")
)
CHARSETS = frozenset(("utf-8", "utf8", "iso-8859-1", "latin-1", "us-ascii", "ascii", "windows-1252"))
CODINGS = frozenset(("chunked", "gzip", "deflate", "identity", "br", "keep-alive", "close"))
SCHEMES = frozenset(("basic", "digest", "negotiate", "ntlm", "bearer"))
