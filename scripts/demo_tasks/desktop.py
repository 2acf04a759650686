"""A throwaway desktop: a private X display, session bus, accessibility bus and window manager, and the processes on it.

    with Desktop() as desktop:
        app = desktop.start(["zenity", "--entry"])
        desktop.wait_for_window("Add a new entry")

Everything that was started, and everything that those processes started, is gone when the block is left.
"""
import ctypes
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

SIZE = "1280x800x24"
PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
libc = ctypes.CDLL(None, use_errno=True)


class DesktopError(Exception):
    """The desktop or an application on it did not come up."""


def adopt_orphans():
    """Makes this process the parent of every orphan below it, so that descendants() misses none."""
    libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def descendants(root):
    parents = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
    found, frontier = [], [root]
    while frontier:
        parent = frontier.pop()
        children = [pid for pid, of in parents.items() if of == parent]
        found += children
        frontier += children
    return found


def end_processes(keep=()):
    """Ends every descendant of this process: asks, waits a little, then kills."""
    for sign, patience in ((signal.SIGTERM, 0.5), (signal.SIGKILL, 5)):
        deadline = time.monotonic() + patience
        asked = set()
        while time.monotonic() < deadline:
            left = [pid for pid in descendants(os.getpid()) if pid not in keep and not reap(pid)]
            if not left:
                return
            for pid in left:
                if pid not in asked:
                    asked.add(pid)
                    try:
                        os.kill(pid, sign)
                    except ProcessLookupError:
                        pass
            time.sleep(0.03)


def reap(pid):
    """Whether the process is gone, collecting it when it is a finished child."""
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return not os.path.exists(f"/proc/{pid}")


class Desktop:
    def __init__(self):
        self.folder = None

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _start(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="deskhand-demo-"))
        self.home = self.folder / "home"
        runtime = self.folder / "run"
        for folder in (self.home, runtime):
            folder.mkdir(mode=0o700)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "DBUS_", "GTK_"))}
        self.environment = kept | {
            "HOME": str(self.home), "XDG_RUNTIME_DIR": str(runtime), "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
            "GTK_MODULES": "gail:atk-bridge", "NO_AT_BRIDGE": "0", "GDK_BACKEND": "x11", "GSETTINGS_BACKEND": "memory",
        }
        self.display = self._start_telling_number(["Xvfb", "-screen", "0", SIZE, "-nolisten", "tcp", "-noreset"], "-displayfd")
        self.environment["DISPLAY"] = f":{self.display}"
        self.environment["DBUS_SESSION_BUS_ADDRESS"] = self._start_bus()
        self.start(["/usr/libexec/at-spi-bus-launcher", "--launch-immediately"])
        self._until(lambda: self._gdbus("org.freedesktop.DBus", "/", "org.freedesktop.DBus.NameHasOwner", "org.a11y.Bus")
                    .startswith("(true"), "the accessibility bus")
        self._gdbus("org.a11y.Bus", "/org/a11y/bus", "org.freedesktop.DBus.Properties.Set", "org.a11y.Status", "IsEnabled", "<true>")
        self.start(["openbox", "--sm-disable"])
        self._until(lambda: "window id" in self.output(["xprop", "-root", "_NET_SUPPORTING_WM_CHECK"]), "the window manager")

    def _start_telling_number(self, command, option):
        reading, writing = os.pipe()
        self.start(command + [option, str(writing)], pass_fds=(writing,))
        os.close(writing)
        with os.fdopen(reading) as pipe:
            told = pipe.readline().strip()
        if not told:
            raise DesktopError(f"{command[0]} did not start")
        return told

    def _start_bus(self):
        return self._start_telling_number(["dbus-daemon", "--session", "--nofork", "--nopidfile"], "--print-address")

    def _gdbus(self, service, path, method, *arguments):
        return self.output(["gdbus", "call", "--session", "--timeout", "5", "--dest", service, "--object-path", path,
                            "--method", method, *arguments])

    def _until(self, condition, what, patience=20):
        deadline = time.monotonic() + patience
        while not condition():
            if time.monotonic() > deadline:
                raise DesktopError(f"{what} did not come up within {patience} s")
            time.sleep(0.05)

    def start(self, command, **options):
        """Starts a program on the desktop, in its home."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL} | options
        try:
            return subprocess.Popen(command, env=self.environment, cwd=self.home, start_new_session=True,
                                    preexec_fn=die_with_parent, **options)
        except FileNotFoundError as error:
            raise DesktopError(f"{command[0]} is not installed: run scripts/packages demo") from error

    def output(self, command):
        """What a short command on the desktop prints; empty when it fails."""
        done = subprocess.run(command, env=self.environment, cwd=self.home, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30, check=False)
        return done.stdout

    def wait_for_window(self, title):
        """Until a window with this in its title is shown and the picture stays still."""
        self._until(lambda: self.output(["xdotool", "search", "--onlyvisible", "--name", title]).strip(), f'the window "{title}"', 30)
        time.sleep(1.0)

    def wait_for_page(self):
        """Until Chromium shows a web page to accessibility."""
        eyes = ["/usr/bin/python3", str(pathlib.Path(__file__).parent / "accessibility.py")]
        self._until(lambda: '"heading"' in self.output(eyes), "the page", 30)

    def close(self):
        end_processes()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None
