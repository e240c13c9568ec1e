"""A large file goes in and out in little memory, as a process of its own shows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from api.migrate import migrate
from tests.api.world import make_settings

MEGABYTES = 200
CODE = """
import json, resource, sys
from pathlib import Path
from tests.api.files.keeping import Keeper
from tests.api.world import Mirror, Wallet, make_settings
from api.app import create_app

class Body:
    '''Random enough that no two chunks are one block.'''
    def __init__(self, megabytes):
        self.left, self.number = megabytes * 2**20, 0
    def read(self, size=-1):
        size = min(size if size > 0 else 2**16, self.left, 2**16)
        self.left -= size
        self.number += 1
        return (b'%08d' % self.number * (size // 8 + 1))[:size]

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

settings = make_settings(Path(sys.argv[1]))
mirror = Mirror(settings.database_url)
app = create_app(settings)
wallet = Wallet(app.test_client())
mirror.account(wallet.address)
mirror.tier(1)
mirror.subscription(wallet.address, 1)
mirror.service(7, wallet.address, plan=3)
wallet.sign_in()
keeper = Keeper(wallet)
keeper.put('/warm', bytes(3 * 2**20))
before = peak()
megabytes = int(sys.argv[2])
body = {'wsgi.input': Body(megabytes), 'CONTENT_LENGTH': str(megabytes * 2**20)}
answer = wallet.ask('PUT', '/v1/files/large', environ_overrides=body)
got = keeper.get('/large', buffered=False)
length = sum(map(len, got.response))
car = sum(map(len, keeper.get('/large?format=car', buffered=False).response))
print(json.dumps([answer.status_code, answer.json['size'], length, car, peak() - before]))
"""


def test_a_large_file__takes_little_memory_each_way(tmp_path: Path) -> None:
    settings = make_settings(tmp_path / "data")
    migrate(settings)
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(settings.data_dir), str(MEGABYTES)],
        capture_output=True,
        text=True,
        cwd=Path(__file__).parents[3],
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2_000:]
    status, size, length, car, more_megabytes = json.loads(done.stdout.splitlines()[-1])
    assert (status, size, length) == (201, MEGABYTES * 2**20, MEGABYTES * 2**20)
    assert car > length
    assert more_megabytes < 40, more_megabytes
