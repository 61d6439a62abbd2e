import enum
import os

WORK = "bakery"
SALES = os.path.join(WORK, "sales.csv")
DOUGH = os.path.join(WORK, "dough", "recipes.json")


class Out(str, enum.Enum):
    DAILY = "bakery/daily.csv"
    MODEL = "bakery/model.txt"


class Settings:
    table = WORK + "/table.csv"
    plots = ["bakery/a.png", "bakery/b.png"]
