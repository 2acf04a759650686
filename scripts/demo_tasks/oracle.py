"""Solves tasks by a written script, with other hands and eyes than Deskhand's (xdotool and AT-SPI): proof that they can be solved.

A script is a list of calls: ["click", NAME], ["fill", INDEX OF THE FIELD, TEXT], ["type", TEXT], ["key", CHORD], ["answer", TEXT].
"""
import json
import pathlib
import time

EYES = pathlib.Path(__file__).parent / "accessibility.py"
CLICKABLE = ("push button", "toggle button", "check box", "radio button", "table cell", "menu", "menu item", "radio menu item",
             "check menu item", "link")
FIELDS = ("text", "entry")


class OracleError(Exception):
    """Something that the script names is not on the screen."""


def shown(desktop):
    return json.loads(desktop.output(["/usr/bin/python3", str(EYES)]) or "[]")


def centre(entry):
    x, y, width, height = entry["box"]
    return str(x + width // 2), str(y + height // 2)


def find(desktop, accepts, what):
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        found = [entry for entry in shown(desktop) if entry["box"][2] > 0 and accepts(entry)]
        if found:
            return sorted(found, key=lambda entry: (entry["box"][1], entry["box"][0]))
        time.sleep(0.2)
    raise OracleError(f"no {what} on the screen")


def click(desktop, entry):
    desktop.output(["xdotool", "mousemove", *centre(entry), "click", "1"])


def run(desktop, script):
    """Returns the answer, empty when the script gives none."""
    answer = ""
    for call, *arguments in script:
        if call == "click":
            name = arguments[0]
            click(desktop, find(desktop, lambda entry: entry["role"] in CLICKABLE and entry["name"].strip() == name, name)[0])
        elif call == "fill":
            fields = find(desktop, lambda entry: entry["role"] in FIELDS and "editable" in entry["states"], "field")
            click(desktop, fields[arguments[0]])
            desktop.output(["xdotool", "key", "ctrl+a", "type", "--delay", "20", arguments[1]])
        elif call == "type":
            desktop.output(["xdotool", "type", "--delay", "20", arguments[0]])
        elif call == "key":
            desktop.output(["xdotool", "key", arguments[0]])
        elif call == "answer":
            answer = arguments[0]
        else:
            raise OracleError(f"no call {call}")
        time.sleep(0.6)
    return answer
