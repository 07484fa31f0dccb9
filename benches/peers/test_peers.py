"""The data are what RESULTS.md says that they are, and a missed budget is called missed."""

from __future__ import annotations

import json
import unittest

from budgets import Budget
from peers import FORMS as SHOWN
from peers import SIZES

from data import FORMS, make_data


class DataTest(unittest.TestCase):
    def each(self) -> list[tuple[str, int, bool, str]]:
        found = [(form, size, last) for form in FORMS for size in SIZES.values() for last in (True, False)]
        return [(*of, make_data(*of)) for of in found]

    def test_each_has_exactly_its_size_for_each_peer_that_writes_json(self) -> None:
        for form, size, last, text in self.each():
            with self.subTest(form=form, size=size, last=last):
                self.assertEqual(len(text), size)
                self.assertEqual(json.dumps(json.loads(text), separators=(",", ":")), text)

    def test_the_edited_member_is_the_first_or_the_last(self) -> None:
        for form, size, last, text in self.each():
            with self.subTest(form=form, size=size, last=last):
                self.assertEqual(list(json.loads(text)).index("count"), len(json.loads(text)) - 1 if last else 0)

    def test_the_form_of_members_has_thirty_or_more_and_they_are_short(self) -> None:
        for form, size, _, text in self.each():
            if form == "members":
                with self.subTest(size=size):
                    self.assertGreaterEqual(len(json.loads(text)), 30)
                    self.assertLess(max(len(json.dumps(value)) for value in json.loads(text).values()), 64)

    def test_all_forms_are_measured(self) -> None:
        self.assertEqual(FORMS.keys(), SHOWN.keys())


class BudgetTest(unittest.TestCase):
    def test_a_missed_budget_says_by_how_much(self) -> None:
        self.assertEqual(Budget("", 2).verdict(3), "missed by 1.50×")
        self.assertEqual(Budget("", 3, least=True).verdict(2), "missed by 1.50×")

    def test_a_budget_that_is_just_kept_is_met(self) -> None:
        self.assertEqual(Budget("", 2).verdict(2), "met")
        self.assertEqual(Budget("", 2, least=True).verdict(2), "met")


if __name__ == "__main__":
    unittest.main()
