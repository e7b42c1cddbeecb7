#!/usr/bin/env python3
"""Annotates a list as a careful Python script would: csv, one regular expression, a dict for duplicates.

Usage: clean_list.py INPUT OUTPUT LISTS.json

It writes the same columns as mailgate, filled as far as text and lists can tell them. What is known of a domain is
worked out once for each domain.
"""
import csv
import json
import re
import sys
import time

COLUMNS = (
    "status reason score smtp_code smtp_enhanced smtp_reply stage mx provider address suggestion role disposable free "
    "suppressed duplicate_of attempts checked_at source"
).split()

ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@((?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63})"
)
SEPARATORS = str.maketrans("", "", '-_."')


class Domains(dict):
    """What the lists tell of a domain: reason, stage, score, disposable, free, the domain probably meant."""

    def __init__(self, lists):
        super().__init__()
        self.disposable = set(lists["disposable"])
        self.free = set(lists["free"])
        self.typos = lists["typos"]
        self.top_level_typos = lists["topLevelTypos"]

    def __missing__(self, domain):
        name, _, top_level = domain.rpartition(".")
        parts = domain.split(".")
        disposable = any(".".join(parts[at:]) in self.disposable for at in range(len(parts) - 1))
        meant = self.typos.get(domain, "")
        if not meant and top_level in self.top_level_typos:
            meant = name + "." + self.top_level_typos[top_level]
        reason, score = "not_checked", 40
        if top_level in ("test", "example", "invalid", "localhost") or name == "example" and top_level in ("com", "net", "org"):
            reason = "reserved_domain"
        elif top_level in self.top_level_typos:
            reason = "domain_not_found"
        score -= 40 * disposable + 2 * (domain in self.free) + 30 * bool(meant)
        facts = (reason, max(0, score), "true" if disposable else "false", "true" if domain in self.free else "false", meant)
        self[domain] = facts
        return facts


def main(source, target, lists_path):
    with open(lists_path, encoding="utf-8") as file:
        lists = json.load(file)
    domains = Domains(lists)
    roles = dict.fromkeys(lists["roles"], 10)
    roles.update(dict.fromkeys(lists["highRisk"], 30))
    seen = {}
    first_row_of = seen.setdefault
    match = ADDRESS.fullmatch
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    bad = ["invalid", "syntax", "0", "", "", "", "syntax", "", "", "", "", "", "", "", "", "", "0", now, "live"]
    with open(source, newline="", encoding="utf-8") as rows, open(target, "w", newline="", encoding="utf-8") as out:
        reader, writer = csv.reader(rows), csv.writer(out, lineterminator="\n")
        write = writer.writerow
        header = next(reader)
        column = header.index("email")
        write(header + ["mailgate_" + name for name in COLUMNS])
        for number, row in enumerate(reader, 2):
            address = row[column].strip()
            found = match(address)
            if not found or len(address) > 254:
                write(row + bad)
                continue
            domain = found[1].lower()
            local = address[: -len(domain) - 1]
            reason, score, disposable, free, meant = domains[domain]
            risk = roles.get(local.partition("+")[0].lower().translate(SEPARATORS), 0)
            first = first_row_of(local.lower() + "@" + domain, number)
            unknown = reason == "not_checked"
            write(row + [
                "unknown" if unknown else "invalid", reason, max(0, score - risk) if unknown else 0, "", "", "", "list",
                "", "", local + "@" + domain, local + "@" + meant if meant else "", "true" if risk else "false",
                disposable, free, "", "" if first == number else first, "0", now, "live",
            ])


main(*sys.argv[1:])
