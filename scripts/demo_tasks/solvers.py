"""Who solves a task: Deskhand, the written oracle (whole, or without its last call), or nobody.

A solver is solve(task, desktop, folder, say) → Attempt; folder is where it may leave its trace.
"""
import dataclasses
import json
import pathlib
import subprocess
import time

import oracle

HERE = pathlib.Path(__file__).parent
PROGRAM = HERE.parent.parent / "build/release/deskhand"


@dataclasses.dataclass
class Attempt:
    answer: str = ""
    outcome: str = ""
    reason: str = ""
    steps: int = 0
    calls: int = 0
    seconds: float = 0.0


def nothing(task, desktop, folder, say):
    return Attempt(outcome="nothing done")


def by_script(scripts, leave_out_last=False):
    def solve(task, desktop, folder, say):
        script = scripts[task["id"]]
        script = script[:-1] if leave_out_last else script
        start = time.monotonic()
        try:
            answer = oracle.run(desktop, script)
        except oracle.OracleError as error:
            return Attempt(outcome=str(error))
        return Attempt(answer=answer, outcome="script run", steps=len(script), seconds=time.monotonic() - start)

    return solve


def by_deskhand(mind_options, max_steps=12, max_time=120):
    def solve(task, desktop, folder, say):
        trace = folder / "trace"
        command = [str(PROGRAM), "do", task["task"], *mind_options, "--display", f":{desktop.display}", "--approve", "auto",
                   "--policy", str(HERE / "policy.json"), "--trace", str(trace), "--json",
                   "--max-steps", str(max_steps), "--max-time", str(max_time)]
        start = time.monotonic()
        attempt = Attempt()
        with open(folder / "stderr.txt", "w", encoding="utf-8") as errors:
            process = desktop.start(command, stdout=subprocess.PIPE, stderr=errors, text=True, bufsize=1)
            with process.stdout:
                for line in process.stdout:
                    record = json.loads(line)
                    if "step" in record:
                        say(record)
                    else:
                        attempt.outcome, attempt.answer = record.get("outcome", ""), record.get("answer") or ""
                        attempt.steps, attempt.calls = record.get("steps", 0), record.get("asked", 0)
                        attempt.reason = record.get("reason") or ""
            status = process.wait()
        if not attempt.outcome:
            told = (folder / "stderr.txt").read_text().strip().splitlines()
            attempt.outcome = f"exit {status}: {told[-1] if told else 'no word'}"
        attempt.seconds = time.monotonic() - start
        return attempt

    return solve
