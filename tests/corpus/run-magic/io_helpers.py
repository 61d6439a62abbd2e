def keep(frame, name):
    """Store a frame in the panel's folder."""
    frame.to_parquet("panel/kept/" + name + ".parquet")


def kept(name):
    import pandas as pd

    return pd.read_parquet("panel/kept/" + name + ".parquet")
