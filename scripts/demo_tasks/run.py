"""Runs tasks on throwaway desktops and reports what was solved. scripts/demo calls it; see there for the options."""
import argparse
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import checks
import report
import solvers
import website
from desktop import Desktop, DesktopError, adopt_orphans, end_processes

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parent.parent
OUT = ROOT / "build/demo"
XTERM = ["xterm", "-T", "Terminal", "-fa", "DejaVu Sans Mono", "-fs", "12", "-geometry", "90x24", "-e", "bash", "--norc"]
CHROMIUM = ["chromium", "--test-type", "--force-renderer-accessibility", "--no-first-run", "--disable-gpu", "--password-store=basic"]


def command_of(task, desktop, site):
    if "page" in task:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        return [*CHROMIUM, *sandbox, f"--user-data-dir={desktop.folder}/chromium", f"--app={site.address(task['page'])}"]
    return XTERM if task["start"] == ["xterm"] else task["start"]


def attempt(task, solve, folder, say):
    """One try of a task on a fresh desktop: (Attempt, problems)."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with website.Website() as site, Desktop() as desktop:
        for name, text in task.get("files", {}).items():
            (desktop.home / name).write_text(text)
        output = folder / "application.txt"
        with open(output, "w", encoding="utf-8") as printed:
            application = desktop.start(command_of(task, desktop, site), stdout=printed)
        desktop.wait_for_window(task["window"])
        if "page" in task:
            desktop.wait_for_page()
        done = solve(task, desktop, folder, say)
        return done, checks.settled_problems(task["check"], desktop, application, output, site, done.answer)


def step_line(record):
    action = record.get("action") or {}
    arguments = ", ".join(f"{value}" for value in (action.get("input") or {}).values())
    return f"    {record['step']:2}. {action.get('name', '')}({arguments})  {record.get('verdict', '')}  {record.get('result', '')}"


def arguments_of(words):
    parser = argparse.ArgumentParser(prog="scripts/demo")
    parser.add_argument("--all", action="store_true", help="all tasks of the set instead of three")
    parser.add_argument("--set", default="A", choices=["A", "B"], help="which ten tasks")
    parser.add_argument("--tasks", help="only these, for example A1,A9")
    parser.add_argument("--model", default="qwen2.5-coder-0.5b", help="a name of scripts/models --list, or a .gguf file")
    parser.add_argument("--mind", choices=["random"], help="uniform random choice under the same grammar, instead of the model")
    parser.add_argument("--seed", type=int, default=1, help="of the random choice")
    parser.add_argument("--repeat", type=int, default=1, help="tries of each task")
    parser.add_argument("--solver", default="deskhand", choices=["deskhand", "oracle", "almost", "nothing"],
                        help="for testing the tasks")
    parser.add_argument("--out", type=pathlib.Path, default=OUT, help="where tables and traces go")
    return parser.parse_args(words)


def model_file(name):
    """The path of a model by name, fetched when it is not here."""
    if pathlib.Path(name).is_file():
        return str(pathlib.Path(name).resolve())
    done = subprocess.run([str(ROOT / "scripts/models"), name], stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(done.returncode)
    return done.stdout.strip()


def solver_of(options, seed):
    if options.solver == "nothing":
        return solvers.nothing
    if options.solver in ("oracle", "almost"):
        scripts = json.loads((HERE / f"oracle_{options.set.lower()}.json").read_text())
        return solvers.by_script(scripts, leave_out_last=options.solver == "almost")
    if options.mind == "random":
        return solvers.by_deskhand(["--mind", "random", "--seed", str(seed)])
    return solvers.by_deskhand(["-m", model_file(options.model)])


def title_of(options):
    if options.solver != "deskhand":
        return f"Set {options.set}, {options.solver}"
    mind = "random choice" if options.mind else pathlib.Path(options.model).name.removesuffix(".gguf")
    return f"Set {options.set}, {mind}"


def run_tasks(options, tasks, folder):
    rows = []
    for task in tasks:
        print(f"{task['id']}  {task['task']}", flush=True)
        tries = []
        for number in range(options.repeat):
            try:
                done, wrong = attempt(task, solver_of(options, options.seed + number), folder / task["id"] / str(number + 1),
                                      lambda record: print(step_line(record), flush=True))
            except DesktopError as error:
                done, wrong = solvers.Attempt(outcome="no desktop"), [str(error)]
            tries.append((done, wrong))
            told = f', answer "{done.answer}"' if done.answer else ""
            why = f" ({done.reason})" if done.reason else ""
            print(f"    {'SOLVED' if not wrong else 'NOT SOLVED'}  ({done.outcome}{why}{told}; {done.steps} steps, {done.seconds:.1f} s)", flush=True)
            for line in wrong:
                print(f"    check: {line}", flush=True)
        rows.append((task, tries))
    return rows


def write_pages(folder):
    """A page of pictures for each trace."""
    for trace in sorted(folder.glob("*/*/trace")):
        page = trace.parent / "trace.html"
        done = subprocess.run([str(solvers.PROGRAM), "replay", str(trace), "--html", str(page)], check=False)
        if done.returncode == 0:
            print(f"trace page: {page}")


def main():
    options = arguments_of(sys.argv[1:])
    tasks = json.loads((HERE / f"set_{options.set.lower()}.json").read_text())
    if options.tasks:
        wanted = options.tasks.split(",")
        tasks = [task for task in tasks if task["id"] in wanted]
    elif not options.all:
        tasks = [task for task in tasks if task.get("short")]
    title = title_of(options)
    folder = options.out / title.lower().replace(", ", "-").replace(" ", "-")
    rows = run_tasks(options, tasks, folder)
    (folder / "table.md").write_text(report.table(title, rows))
    (folder / "results.json").write_text(report.record(title, rows))
    if options.solver == "deskhand":
        write_pages(folder)
    won = sum(not wrong for _, tries in rows for _, wrong in tries)
    print(f"{won} of {len(rows) * options.repeat} solved; table: {folder / 'table.md'}")
    return 0 if options.all or options.tasks or won == len(rows) * options.repeat else 1


def stop(*_):
    raise KeyboardInterrupt


if __name__ == "__main__":
    adopt_orphans()
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, stop)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        end_processes()
        print("demo: stopped", file=sys.stderr)
        sys.exit(130)
