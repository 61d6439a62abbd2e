from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Files:
    base: Path = Path("warehouse")
    orders: str = "orders.csv"
    returns: str = "returns.csv"
    extra: list = field(default_factory=lambda: ["holidays.csv", "prices.csv"])

    @property
    def orders_path(self) -> Path:
        return self.base / self.orders

    def table(self, name: str) -> Path:
        return self.base / "tables" / f"{name}.parquet"


@dataclass(frozen=True)
class Training:
    seed: int = 7
    folder: str = "fitted"

    @property
    def model(self) -> str:
        return f"{self.folder}/demand.pkl"
