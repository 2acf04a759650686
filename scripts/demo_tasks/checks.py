"""Whether a task is done, judged by what the applications did, never by what the agent says (except where the task is a question).

A check is an object; every entry of it must hold:
  exit     the application's exit code              output   what it printed, without the final newline
  files    name → text, final newline aside         folders  names of folders        gone  names that must not exist
  sent     what the site's forms sent, in order, and nothing else
  shown    fields of one element that accessibility shows
  answer   {"has": text, "lacks": [texts]} in the agent's answer
"""
import time

import oracle


def of_files(home, wanted):
    wrong = []
    for name, text in wanted.items():
        path = home / name
        if not path.is_file():
            wrong.append(f"no file {name}")
        elif path.read_text(errors="replace").rstrip("\n") != text:
            wrong.append(f"{name} holds {path.read_text(errors='replace')[:80]!r}, expected {text!r}")
    return wrong


def of_application(application, output, check):
    wrong = []
    if "exit" in check and application.poll() != check["exit"]:
        wrong.append(f"the application's exit code is {application.poll()}, expected {check['exit']}")
    if "output" in check:
        printed = output.read_text(errors="replace").rstrip("\n")
        if printed != check["output"]:
            wrong.append(f"the application printed {printed[:120]!r}, expected {check['output']!r}")
    return wrong


def of_screen(desktop, wanted):
    if any(all(entry.get(key) == value for key, value in wanted.items()) for entry in oracle.shown(desktop)):
        return []
    return [f"nothing on the screen is {wanted}"]


def of_answer(answer, wanted):
    if wanted["has"] not in answer or any(text in answer for text in wanted["lacks"]):
        return [f"the answer is {answer[:120]!r}, expected {wanted['has']!r} and nothing else of the page"]
    return []


def problems(check, desktop, application, output, site, answer):
    """What is wrong, one line each; empty when the task is done."""
    home = desktop.home
    wrong = of_application(application, output, check)
    wrong += of_files(home, check.get("files", {}))
    wrong += [f"no folder {name}" for name in check.get("folders", []) if not (home / name).is_dir()]
    wrong += [f"{name} is still there" for name in check.get("gone", []) if (home / name).exists()]
    if "sent" in check and site.sent != check["sent"]:
        wrong.append(f"the page sent {site.sent}, expected {check['sent']}")
    if "shown" in check:
        wrong += of_screen(desktop, check["shown"])
    if "answer" in check:
        wrong += of_answer(answer, check["answer"])
    return wrong


def settled_problems(*arguments, patience=3.0):
    """The same, giving the applications a moment to finish what they were told."""
    deadline = time.monotonic() + patience
    while True:
        wrong = problems(*arguments)
        if not wrong or time.monotonic() > deadline:
            return wrong
        time.sleep(0.2)
