#!/usr/bin/python3
"""Prints what the applications of this session show, as a JSON list, by AT-SPI: the oracle's eyes and the checks' evidence.

Each entry: {"application", "role", "name", "text", "box": [x, y, width, height], "states": […]}. Run it inside the desktop's environment.
"""
import json
import sys

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402  (the version must be named first)

LIMIT = 3000
STATES = {name: getattr(Atspi.StateType, name.upper())
          for name in ("showing", "visible", "checked", "selected", "focused", "enabled", "editable", "active")}


def text_of(node):
    if "Text" not in Atspi.Accessible.get_interfaces(node):
        return ""
    return Atspi.Text.get_text(node, 0, min(Atspi.Text.get_character_count(node), 4000))


def describe(application, node):
    states = node.get_state_set()
    names = [name for name, state in STATES.items() if states.contains(state)]
    box = [0, 0, 0, 0]
    if "Component" in Atspi.Accessible.get_interfaces(node):
        extents = Atspi.Component.get_extents(node, Atspi.CoordType.SCREEN)
        box = [extents.x, extents.y, extents.width, extents.height]
    return {"application": application, "role": node.get_role_name(), "name": node.get_name() or "", "text": text_of(node),
            "box": box, "states": names}


def walk(application, node, found):
    if node is None or len(found) >= LIMIT:
        return
    try:
        found.append(describe(application, node))
        for index in range(node.get_child_count()):
            walk(application, node.get_child_at_index(index), found)
    except GLib.Error:
        pass


def main():
    found = []
    desktop = Atspi.get_desktop(0)
    for index in range(desktop.get_child_count()):
        application = desktop.get_child_at_index(index)
        if application is not None:
            walk(application.get_name() or "", application, found)
    json.dump([entry for entry in found if "showing" in entry["states"]], sys.stdout)


main()
