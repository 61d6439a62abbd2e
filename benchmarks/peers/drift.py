"""What another library says of a table beside its reference, and what that costs; run in its own environment.

drift.py LIBRARY FOLDER, where FOLDER has reference.npy and, to be checked, unchanged.npy and correlated.npy. Each way
of checking is what the library's own documentation shows, with its defaults. Times are the processor's, of all threads:
what else runs on the machine hardly counts. Prints JSON.
"""

from __future__ import annotations

import json
import os
import sys
import sysconfig
import time
import warnings
from importlib.metadata import version
from pathlib import Path

# Nobody is told of it.
os.environ |= {"DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1", "WHYLOGS_NO_ANALYTICS": "True"}
CHECKED = ("unchanged", "correlated")
# Rows of a chunk, ten to the table: thresholds are learned from chunks of the reference.
CHUNK = 1_000
LEVEL = 0.05


def main() -> None:
    """Import, learn the reference, check."""
    warnings.simplefilter("ignore")
    library, folder = sys.argv[1], Path(sys.argv[2])
    begun = time.process_time()
    ways = LIBRARIES[library]()
    import_s = time.process_time() - begun
    import numpy

    tables = {name: numpy.load(folder / f"{name}.npy") for name in ("reference", *CHECKED)}
    found = {
        "library": library,
        "version": version(library),
        "import_s": import_s,
        "install_bytes": _installed(),
        "ways": [],
    }
    for name, way in ways.items():
        found["ways"].append(_timed(name, way, tables))
        found["peak_bytes"] = _peak_bytes()
        # After whatever the library itself printed; again after each way, if the next one should not end.
        print("\n" + json.dumps(found), flush=True)


def _installed():
    found = Path(sysconfig.get_path("purelib")).rglob("*.*")
    return sum(path.stat().st_size for path in found if path.suffix != ".pyc" and path.is_file())


def _peak_bytes():
    """Not the resource module's figure, which is the parent's where that was larger."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def _timed(name, way, tables):
    """The reference first, then each table; a way that fails says why."""
    try:
        begun = time.process_time()
        check = way(tables["reference"])
        prepared = time.process_time()
        said = {each: check(tables[each]) for each in CHECKED}
        took = (time.process_time() - prepared) / len(CHECKED)
    except Exception as error:
        return {"way": name, "failed": f"{type(error).__name__}: {error}"[:200]}
    return {"way": name, "prepare_s": prepared - begun, "check_s": took, "said": said}


def _frame(table):
    import pandas

    return pandas.DataFrame(table, columns=[f"x{column}" for column in range(table.shape[1])])


def _evidently():
    from evidently import Report
    from evidently.presets import DataDriftPreset

    def columns(reference):
        frame = _frame(reference)

        def check(table):
            snapshot = Report([DataDriftPreset()]).run(_frame(table), frame).dict()
            count = next(each["value"] for each in snapshot["metrics"] if "DriftedColumnsCount" in str(each))["count"]
            return [count > 0, f"{count:.0f} of {table.shape[1]} columns"]

        return check

    return {"DataDriftPreset": columns}


def _nannyml():
    import nannyml

    def way(calculator, **options):
        def prepare(reference):
            frame = _frame(reference)
            fitted = calculator(column_names=list(frame.columns), chunk_size=CHUNK, **options).fit(frame)

            def check(table):
                found = fitted.calculate(_frame(table)).filter(period="analysis").to_df()
                alerts = found.loc[:, [name for name in found.columns if name[-1] == "alert"]].to_numpy(dtype=bool)
                return [bool(alerts.mean() > 0.5), f"{alerts.sum()} alerts in {alerts.size}"]

            return check

        return prepare

    return {
        "UnivariateDriftCalculator": way(nannyml.UnivariateDriftCalculator),
        "DataReconstructionDriftCalculator": way(nannyml.DataReconstructionDriftCalculator),
        "DomainClassifierCalculator": way(_domain(nannyml)),
    }


def _domain(nannyml):
    """Its columns are named otherwise."""
    return lambda column_names, chunk_size: nannyml.DomainClassifierCalculator(
        feature_column_names=column_names, chunk_size=chunk_size
    )


def _alibi():
    from alibi_detect.cd import ClassifierDrift, KSDrift, MMDDrift

    def way(detector, **options):
        def prepare(reference):
            fitted = detector(reference.astype("float32"), p_val=LEVEL, **options)

            def check(table):
                import numpy

                data = fitted.predict(table.astype("float32"))["data"]
                return [bool(data["is_drift"]), f"p = {float(numpy.min(data['p_val'])):.2g}"]

            return check

        return prepare

    def boosted(reference):
        from sklearn.ensemble import HistGradientBoostingClassifier

        model = HistGradientBoostingClassifier(random_state=0)
        return way(ClassifierDrift, model=model, backend="sklearn", preds_type="probs", n_folds=5, seed=0)(reference)

    return {"KSDrift": way(KSDrift), "ClassifierDrift": boosted, "MMDDrift": way(MMDDrift, backend="pytorch")}


def _whylogs():
    import whylogs
    from whylogs.viz.drift.column_drift_algorithms import calculate_drift_scores

    def columns(reference):
        profile = whylogs.log(_frame(reference)).view()

        def check(table):
            view = whylogs.log(_frame(table)).view()
            scores = calculate_drift_scores(target_view=view, reference_view=profile, with_thresholds=True)
            drifted = [name for name, score in scores.items() if score and score.get("drift_category") == "DRIFT"]
            return [bool(drifted), f"{len(drifted)} of {len(scores)} columns"]

        return check

    return {"calculate_drift_scores": columns}


LIBRARIES = {"evidently": _evidently, "nannyml": _nannyml, "alibi-detect": _alibi, "whylogs": _whylogs}

if __name__ == "__main__":
    main()
