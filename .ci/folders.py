"""Changes files of finished runs as somebody might who wants to break what reads them, with checksums made to fit, and holds that
`report`, `report --brief` and `diff` refuse a folder in words or read it: no panic, no signal, no minute.

    folders.py PROGRAM FOLDER TIMES RUN...
"""

import hashlib
import json
import pathlib
import random
import shutil
import subprocess
import sys

PROGRAM, ROOT, TIMES = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3])
RUNS = [pathlib.Path(run) for run in sys.argv[4:]]
WORDS = ["", "nan", "inf", "-1", "0", "1e308", "1e-320", "9" * 40, "2022Q5", "Q", "@", "/", '"', ",", "\n", "\r\n", "\0", "é" * 9, "null",
         "[]", "{}", "</script>", "../../x", "country.", "a/b@c", "x" * 70000, '""', "1,2,3,4,5,6,7,8,9", "\u202e", "true"]
random.seed(24)


def changed(text):
    """A text with one to four places changed: bytes, cells, lines, columns."""
    for _ in range(random.randint(1, 4)):
        lines = text.split("\n")
        at = random.randrange(len(lines))
        kind = random.randrange(6)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, lines[random.randrange(len(lines))])
        elif kind == 2:
            cells = lines[at].split(",")
            cells[random.randrange(len(cells))] = random.choice(WORDS)
            lines[at] = ",".join(cells)
        elif kind == 3:
            lines = lines[:at]
        elif kind == 4:
            lines[0] = lines[0].replace(random.choice(lines[0].split(",")), random.choice(WORDS))
        else:
            place = random.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:place] + random.choice(WORDS) + lines[at][place + random.randint(0, 5):]
        text = "\n".join(lines)
    return text


def seal(folder):
    """Checksums that fit what is there."""
    manifest = folder / "manifest.json"
    try:
        about = json.loads(manifest.read_text(encoding="utf-8"))
        for name in list(about["checksums"]):
            if not (folder / name).is_file():
                continue
            about["checksums"][name] = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        about["checksum"] = ""
        text = json.dumps(about, indent=2, ensure_ascii=False) + "\n"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return
    own = hashlib.sha256(text.encode()).hexdigest()
    manifest.write_text(text.replace('"checksum": ""', f'"checksum": "{own}"', 1), encoding="utf-8", newline="")


outcomes = {0: 0, 1: 0, 2: 0, 3: 0}
for i in range(TIMES):
    run = random.choice(RUNS)
    folder = ROOT / "hostile"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(run, folder, ignore=shutil.ignore_patterns("report.html", "draws.*", "inputs.*", "brief*"))
    names = sorted(f.name for f in folder.iterdir() if f.suffix in (".csv", ".json", ".txt"))
    for name in random.sample(names, random.randint(1, 3)):
        file = folder / name
        file.write_text(changed(file.read_text(encoding="utf-8")), encoding="utf-8", newline="")
    seal(folder)
    for words in (["report", str(folder)], ["report", str(folder), "--brief"], ["diff", str(run), str(folder)]):
        done = subprocess.run([PROGRAM, *words], capture_output=True, timeout=60)
        said = done.stderr.decode("utf-8", "replace")
        if done.returncode not in outcomes or "panicked" in said:
            shutil.copytree(folder, ROOT / f"found-{i}", dirs_exist_ok=True)
            sys.exit(f"{' '.join(words)}: exit code {done.returncode}\n{said[:2000]}")
        outcomes[done.returncode] += 1
shutil.rmtree(ROOT / "hostile")
print(f"{TIMES} folders: {outcomes[0]} times read, {sum(outcomes.values()) - outcomes[0]} refused, no panic")
