"""Epidermal thickness as pathologists wrote it down for real skin, beside that of the phantom.

The GTEx Portal's table has a note for each section; about 890 of 1,819 skin sections state the
thickness of the squamous epithelium in micrometres. Called by ``explanations.py``.
"""

import re
from pathlib import Path

import numpy as np
import pandas as pd

from skinage.phantom import make_people

TABLE = Path(__file__).resolve().parents[2] / "shared" / "realdata" / "gtex" / "GTExPortal.csv"
STATED = re.compile(
    r"(?P<low>\d+(?:\.\d+)?)\s*(?:(?:-|to)\s*(?P<high>\d+(?:\.\d+)?)\s*)?(?:um\b|µm|m[ic]+rons?)",
    re.IGNORECASE,
)
POSSIBLE_UM = (10.0, 200.0)
SITES = {
    "Skin - Not Sun Exposed (Suprapubic)": "suprapubic",
    "Skin - Sun Exposed (Lower leg)": "lower leg",
}


def stated_thickness(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row per skin section whose note states a thickness: site, sex, decade, um."""
    skin = table[table["Tissue"].isin(SITES)]
    found = skin["Pathology Notes"].fillna("").str.extract(STATED).astype(float)
    um = found[["low", "high"]].mean(axis=1)
    known = um.between(*POSSIBLE_UM)
    decade = skin["Age Bracket"].str[:2].astype(int) + 5
    return pd.DataFrame(
        {
            "body_site": skin["Tissue"].map(SITES),
            "sex": skin["Sex"].str[0].str.upper(),
            "age_years": decade,
            "um": um,
        }
    )[known]


def percent_per_decade(table: pd.DataFrame) -> tuple[float, float]:
    """Return the change of thickness per decade of age in %, and its standard error."""
    decades = table["age_years"].to_numpy(float) / 10
    terms = np.column_stack([decades, np.ones(len(decades)), table["sex"] == "M"]).astype(float)
    logarithm = np.log(table["um"].to_numpy(float))
    slopes, rest, *_ = np.linalg.lstsq(terms, logarithm, rcond=None)
    variance = float(rest[0]) / (len(terms) - 3)
    error = np.sqrt(variance * np.linalg.inv(terms.T @ terms)[0, 0])
    return 100 * (np.exp(slopes[0]) - 1), 100 * error


def compare(path: Path = TABLE) -> pd.DataFrame:
    """Return mean thickness by site and decade: stated for real skin, and of two phantoms."""
    people = {"stated (GTEx)": stated_thickness(pd.read_csv(path, dtype=str))}
    for preset in ("teaching", "realistic"):
        drawn = make_people(2000, seed=0, preset=preset)
        decade = drawn["age_years"] // 10 * 10 + 5
        own = drawn.assign(um=drawn["epidermis_um"], age_years=decade)
        people[preset] = own[own["age_years"].between(25, 75)]
    rows = []
    for name, table in people.items():
        for site in SITES.values():
            own = table[table["body_site"] == site]
            means = own.groupby("age_years")["um"].mean()
            slope, error = percent_per_decade(own)
            row = {"thickness": name, "site": site, "sections": len(own)}
            row |= {f"{int(age) - 5}s": f"{um:.0f}" for age, um in means.items()}
            rows.append(row | {"% per decade": f"{slope:.1f} (SE {error:.1f})"})
    return pd.DataFrame(rows)


if __name__ == "__main__":
    print(compare().to_string(index=False))
