"""What the tables of a run tell about its people, slides and tiles."""

import re

import pandas as pd

from skinage.cohort.people import first_visits
from skinage.reporting.tripod.words import Facts, between, counts, known, listed


def of_tiles(table: pd.DataFrame) -> Facts:
    """Give the facts of tiles.parquet."""

    def sizes() -> str:
        pairs = table[["tile_px", "mpp"]].drop_duplicates().sort_values("mpp").to_numpy()
        return listed(f"{px:g} px at {mpp:g} µm per px" for px, mpp in pairs)

    return known({
        "tiles": lambda: len(table),
        "slides": lambda: table["slide_id"].nunique(),
        "people": lambda: table["person_id"].nunique(),
        "size": sizes,
    })  # fmt: skip


def of_refused(table: pd.DataFrame) -> Facts:
    """Give the facts of rejected_tiles.parquet; a tile may have missed several limits."""

    def reasons() -> str:
        each = table["reason"].str.split("; ").explode()
        return counts(each.str.replace(r" [\d.]+ \(", " (", regex=True).str.replace("_", " "))

    return known({"tiles": lambda: len(table), "reasons": reasons})


def of_slides(table: pd.DataFrame) -> Facts:
    """Give the facts of slides.csv: how many could not be used, and why."""

    def failed() -> str:
        problems = table["problem"].dropna()
        return f"{len(problems)} of {len(table)}{f' ({counts(problems)})' if len(problems) else ''}"

    return known({"failed": failed})


def of_ages(table: pd.DataFrame) -> Facts:
    """Give the facts of ages.csv."""
    repeats = [name for name in table if re.fullmatch(r"predicted_years_\d+", str(name))]
    per_fold = table.groupby("fold") if "fold" in table else {}
    return known({
        "people": lambda: table["person_id"].nunique(),
        "span": lambda: between(table["age_years"], ".0f"),
        "mean": lambda: f"{table['age_years'].mean():.1f} (SD {table['age_years'].std():.1f})",
        "sexes": lambda: counts(table["sex"].fillna("unknown")),
        "brackets": lambda: int((table["age_low"] < table["age_high"]).sum()) or None,
        "repeats": lambda: len(repeats) + 1 if repeats else None,
        # Somebody who is there twice may be in two folds: then nothing is said of folds.
        "folds": lambda: table["fold"].nunique() if table["person_id"].is_unique else None,
        "tested": lambda: between(table["fold"].value_counts(), ".0f"),
        "trained": lambda: between(len(table) - table["fold"].value_counts(), ".0f"),
        "fold_means": lambda: between(per_fold["age_years"].mean(), ".1f"),
        "interval": lambda: f"{(table['upper_years'] - table['lower_years']).mean():.1f}",
    })  # fmt: skip


def of_cohort(cohort: pd.DataFrame) -> Facts:
    """Give the facts of the cohort table; of a person with visits, the first counts."""
    people = _first_rows(cohort)
    diseases = [str(name) for name in people if str(name).startswith("disease_")]

    def ages() -> str:
        given = people["age_years"].dropna()
        spread = f"mean {given.mean():.1f}, SD {given.std():.1f}"
        return f"{between(given, '.0f')} years ({spread})" if len(given) else ""

    def ages_by_sex() -> str:
        means = people.dropna(subset=["age_years"]).groupby("sex")["age_years"].mean()
        return ", ".join(f"{sex} {mean:.1f}" for sex, mean in means.items())

    def follow_up() -> str:
        years = people["follow_up_years"].dropna()
        return f"{years.median():.1f} years, at most {years.max():.1f}" if len(years) else ""

    def gaps() -> str:
        missing = people.drop(columns="path", errors="ignore").isna().sum()
        return ", ".join(f"{name} {count}" for name, count in missing.items() if count)

    return known({
        "slides": lambda: len(cohort),
        "people": lambda: len(people),
        "with_age": lambda: int(people["age_years"].notna().sum()),
        "without_age": lambda: int(people["age_years"].isna().sum()),
        "ages": ages,
        "ages_by_sex": ages_by_sex,
        "sexes": lambda: counts(people["sex"].fillna("unknown")),
        "sites": lambda: counts(cohort["body_site"].fillna("unknown")),
        "scanners": lambda: counts(cohort["scanner"].fillna("unknown")),
        "years": lambda: between(cohort["biopsy_year"].dropna(), ".0f"),
        "arms": lambda: counts(people["arm"]),
        "deaths": lambda: f"{people['died'].sum():.0f} of {people['died'].notna().sum()}",
        "follow_up": follow_up,
        "diseases": lambda: ", ".join(
            f"{name.removeprefix('disease_').replace('_', ' ')} {people[name].sum():.0f}"
            for name in diseases
        ),
        "gaps": gaps,
    })  # fmt: skip


def of_flow(cohort: pd.DataFrame, tiles: pd.DataFrame, ages: pd.DataFrame) -> Facts:
    """Follow people and slides from the cohort table into the clock."""
    people = _first_rows(cohort).set_index("person_id")
    first = first_visits(cohort)["slide_id"]

    def out() -> str:
        aged, tiled = people["age_years"].notna(), people.index.isin(tiles["person_id"])
        inside = people.index.isin(ages["person_id"])
        reasons = {
            "without an age": ~aged & ~inside,
            "with an age but without a tile": aged & ~tiled & ~inside,
            "for a reason that no file tells": aged & tiled & ~inside,
        }
        why = ", ".join(f"{who.sum()} {reason}" for reason, who in reasons.items() if who.any())
        return f"{(~inside).sum()} of {len(people)}{f' ({why})' if why else ''}"

    def later_visits() -> str | None:
        n_later = len(cohort) - len(first)
        tiles_of_first = tiles[tiles["slide_id"].isin(first)]["person_id"].isin(ages["person_id"])
        # Only the number of tiles tells whether later visits were pooled with the first.
        alone = ages["n_tiles"].sum() == tiles_of_first.sum()
        return f"{n_later} of {len(cohort)}" if n_later and alone else None

    return known({"out": out, "later_visits": later_visits})


def of_shares(cohort: pd.DataFrame, tiles: pd.DataFrame, refused: pd.DataFrame) -> Facts:
    """Tell whether tiles were refused more often in one sex than in the other."""
    people = _first_rows(cohort).set_index("person_id")

    def by_sex() -> str:
        both = pd.concat([tiles.assign(refused=False), refused.assign(refused=True)])
        shares = both["refused"].groupby(both["person_id"].map(people["sex"])).mean()
        return ", ".join(f"{sex} {share:.0%}" for sex, share in shares.items())

    return known({"by_sex": by_sex})


def all_planted(tiles: pd.DataFrame, truth: pd.DataFrame) -> bool:
    """Tell whether all people are a phantom's: those who were planted in its truth.csv."""
    if "person_id" not in tiles or "person_id" not in truth:
        return False
    return bool(tiles["person_id"].isin(truth["person_id"]).all())


def _first_rows(cohort: pd.DataFrame) -> pd.DataFrame:
    """Give a row per person: what is known first of each column, at the first visit."""
    return first_visits(cohort).groupby("person_id", observed=True, as_index=False).first()
