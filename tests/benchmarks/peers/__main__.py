"""One peer in its own process."""

from tests.benchmarks.orders import hear
from tests.benchmarks.peers.single import PEERS, play

if __name__ == "__main__":
    task = hear()
    play(PEERS[task["peer"]], task)
