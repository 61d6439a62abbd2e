import pandas as pd


def main():
    table = pd.read_csv("rain/all.csv")
    for station, part in table.groupby("station"):
        part.to_csv(f"stations/{station}.csv", index=False)


if __name__ == "__main__":
    main()
