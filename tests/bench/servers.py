# SPDX-License-Identifier: MIT
"""The servers that are measured: how each is had, started and stopped."""

import os
import pathlib
import re
import shutil
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent

# Each says on its first lines where it listens; the port is the kernel's.
LISTENING = re.compile(r"listening on .*?(127\.0\.0\.1:\d+)")


class Server:
    """One kind of server; each measurement gets a new process of it."""

    def __init__(self, name, argv, log, exits_well=False):
        self.name = name
        self.exits_well = exits_well  # with 0, where it is told to end
        self.argv = [str(arg) for arg in argv]
        self.log = pathlib.Path(log)
        self.process = None
        self.url = None

    def start(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        until = time.monotonic() + 20
        while time.monotonic() < until and self.process.poll() is None:
            found = LISTENING.search(self.log.read_text(errors="replace"))
            if found:
                self.url = f"ws://{found[1]}/ws"
                return
            time.sleep(0.01)
        self.process.kill()
        raise RuntimeError(f"{self.name} doesn't listen; see {self.log}")

    def stop(self):
        """Ends it; raises where it had ended by itself."""
        gone = self.process.poll()
        if gone is not None:
            raise RuntimeError(f"{self.name} ended with {gone}; "
                               f"see {self.log}")
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.exits_well and self.process.returncode != 0:
            raise RuntimeError(f"{self.name} ended with "
                               f"{self.process.returncode}; see {self.log}")


def output_of(argv):
    return subprocess.run(argv, check=True, capture_output=True,
                          text=True).stdout


def machine():
    """The processors, the kernel, and the versions of what is compared."""
    found = [f"{os.cpu_count()} processors"]
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            found[0] += f" ({line.split(':', 1)[1].strip()})"
            break
    found.append(f"Linux {os.uname().release}")
    for argv in (["go", "version"], ["node", "--version"]):
        if shutil.which(argv[0]):
            words = output_of(argv).split()
            found.append(" ".join(words[2:3] or ["node", *words]))
    return ", ".join(found)


def chatd(name, build, out, *settings):
    argv = [build / "src/chatd", "--set", "server.listen=127.0.0.1:0"]
    for setting in settings:
        argv += ["--set", setting]
    return Server(name, argv, out / f"{name}.log", exits_well=True)


def chatds(build, out, settings):
    """chatd in the settings that it has."""
    if "write_through" not in output_of([build / "src/chatd",
                                         "--help-config"]):
        return [chatd("chatd", build, out, *settings)]
    return [chatd("chatd", build, out, "hub.write_through=off", *settings),
            chatd("chatd-wt", build, out, "hub.write_through=on", *settings)]


def gochat(out):
    """The Go twin, built where Go and the websocket library are there."""
    gopath = pathlib.Path(os.environ.get("CHATD_GOPATH", "/usr/share/gocode"))
    library = gopath / "src/github.com/gorilla/websocket"
    if not shutil.which("go") or not library.exists():
        return None
    env = dict(os.environ, GO111MODULE="off", GOPATH=str(gopath), GOFLAGS="")
    env.setdefault("GOCACHE", str(out / "go-cache"))
    subprocess.run(["go", "build", "-o", out / "gochat", "."],
                   cwd=HERE / "gochat", env=env, check=True)
    return Server("gochat", [out / "gochat", "-addr", "127.0.0.1:0"],
                  out / "gochat.log")


def wschat(out):
    """npm's ws, where the e2e tests have installed it."""
    node = shutil.which("node") or shutil.which("nodejs")
    if not node or not (HERE / "../e2e/node_modules/ws").exists():
        return None
    return Server("wschat", [node, HERE / "wschat/chat.mjs"],
                  out / "wschat.log")


def built(name, build, out, program, *args):
    """One that Meson has built, if it could."""
    path = build / "tests/bench" / program
    if not path.exists():
        return None
    return Server(name, [path, *args], out / f"{name}.log")


def every(build, out, settings, baseline):
    """All servers that can be had here, by name."""
    servers = chatds(build, out, settings)
    if baseline:
        servers.append(chatd("baseline", baseline, out, *settings))
    servers += [
        gochat(out),
        wschat(out),
        built("lwschat", build, out, "lwschat"),
        built("single", build, out, "ceiling", "--single"),
        built("ceiling", build, out, "ceiling"),
    ]
    return {server.name: server for server in servers if server}
