"""The table of a run, in Markdown, and the numbers behind it, in JSON."""
import json


def mean(values):
    return sum(values) / len(values) if values else 0.0


def table(title, rows):
    """rows: (task, [(attempt, problems), …]) in the order of the set."""
    lines = [f"**{title}**", "", "| task | application | success | steps | model calls | seconds |", "|---|---|---|---|---|---|"]
    for task, tries in rows:
        won = sum(not wrong for _, wrong in tries)
        success = ("yes" if won else "no") if len(tries) == 1 else f"{won}/{len(tries)}"
        steps, calls, seconds = (mean([getattr(attempt, name) for attempt, _ in tries]) for name in ("steps", "calls", "seconds"))
        lines.append(f"| {task['task']} | {task['application']} | {success} | {steps:.3g} | {calls:.3g} | {seconds:.1f} |")
    every = [(attempt, wrong) for _, tries in rows for attempt, wrong in tries]
    won = sum(not wrong for _, wrong in every)
    lines.append(f"| **all** | | **{won}/{len(every)}** | {mean([a.steps for a, _ in every]):.1f} | {mean([a.calls for a, _ in every]):.1f} "
                 f"| {mean([a.seconds for a, _ in every]):.1f} |")
    return "\n".join(lines) + "\n"


def record(title, rows):
    return json.dumps({"title": title, "tasks": [
        {"id": task["id"], "task": task["task"], "tries": [vars(attempt) | {"problems": wrong} for attempt, wrong in tries]}
        for task, tries in rows]}, indent=1, ensure_ascii=False) + "\n"
