#!/usr/bin/env python3
"""Each check passes a good tree and fails a bad one: a check that cannot fail checks nothing."""

import unittest

import banned
import debt
import headers
import layers
import links
import sizes
import words

FLOORS = "# floors\n0 base\n1 ds\n1 io\n2 types\n"


def texts(module, tree):
    return [str(finding) for finding in module.check(tree)]


class Layers(unittest.TestCase):
    def findings(self, path, include, depends="add_layer(types DEPENDS base ds LIBS fmt::fmt)"):
        return texts(layers, {"src/FLOORS": FLOORS, "src/types/CMakeLists.txt": depends,
                              "src/ds/CMakeLists.txt": "add_layer(ds DEPENDS base)", path: f'#include "{include}"\n'})

    def test_downward_include_is_fine(self):
        self.assertEqual(self.findings("src/types/a.cc", "ds/b.h"), [])

    def test_upward_include_fails_with_its_line(self):
        self.assertEqual(self.findings("src/ds/a.cc", "types/b.h"),
                         ["src/ds/a.cc:1: ds (floor 1) includes types (floor 2)"])

    def test_sibling_include_fails(self):
        self.assertEqual(len(self.findings("src/ds/a.cc", "io/b.h")), 1)

    def test_undeclared_dependency_fails(self):
        self.assertEqual(len(self.findings("src/types/a.cc", "io/b.h")), 1)

    def test_include_without_folder_fails(self):
        self.assertEqual(len(self.findings("src/types/a.cc", "b.h")), 1)

    def test_folder_without_a_floor_fails(self):
        self.assertEqual(len(self.findings("src/attic/a.cc", "base/b.h")), 1)

    def test_upward_declaration_fails(self):
        self.assertEqual(len(self.findings("src/types/a.cc", "ds/b.h", "add_layer(types DEPENDS ds types)")), 1)


class Sizes(unittest.TestCase):
    def function(self, lines):
        return "int F(int x) {\n" + "  x++;\n" * (lines - 2) + "}\n"

    def test_long_file_fails(self):
        self.assertEqual(len(texts(sizes, {"src/ds/a.cc": "\n" * 801})), 1)
        self.assertEqual(texts(sizes, {"src/ds/a_test.cc": "\n" * 801}), [])

    def test_very_long_function_fails(self):
        self.assertEqual(len(texts(sizes, {"src/ds/a.cc": self.function(151)})), 1)

    def test_one_long_function_in_a_hundred_may_be(self):
        self.assertEqual(texts(sizes, {"src/ds/a.cc": self.function(80) + self.function(5) * 99}), [])
        self.assertEqual(len(texts(sizes, {"src/ds/a.cc": self.function(80) * 2 + self.function(5) * 20})), 2)

    def test_functions_are_told_from_classes_and_initialisers(self):
        text = ("namespace a {\nclass B : public C {\n public:\n  B() : x_{1}, y_(2) {\n    int i[] = {1, 2};\n  }\n"
                "  int Get() const { return x_; }\n};\nconst int t[] = {\n  F(1),\n};\nenum class E { kA };\n"
                "struct [[nodiscard]] D {\n  int x;\n};\ntemplate <typename T>\nvoid G(T t) {\n  if (t) { t(); }\n}\n}\n")
        self.assertEqual([(first, last) for first, last, _ in sizes.functions(text)], [(4, 6), (7, 7), (17, 19)])


class Headers(unittest.TestCase):
    def test_labelled_header_passes(self):
        self.assertEqual(texts(headers, {"src/ds/a.h": "// A thing.\n// Threads: any. Owns: nothing.\n#pragma once\n"}), [])

    def test_missing_lines_fail(self):
        self.assertEqual(len(texts(headers, {"src/ds/a.h": "// A thing.\n#pragma once\n"})), 2)
        self.assertEqual(len(texts(headers, {"src/ds/a.h": "#pragma once\n"})), 1)


class Banned(unittest.TestCase):
    BAD = {
        "src/types/a.cc": ["using namespace std;", "std::cout << 1;", "auto* p = new Foo(1);", "delete p;", "delete[] p;",
                           "throw 1;", "printf(\"x\");", "std::atomic<int> a; a.load();",
                           "std::atomic<int> a; a.store(\n1);"],
        "src/types/a_test.cc": ["std::this_thread::sleep_for(1ms);", "usleep(5);", "GTEST_SKIP();"],
        "docs/a.md": ["see /ho" + "me/someone/x"],
    }
    GOOD = {
        "src/types/a.cc": ["// using namespace std", "A(const A&) = delete;", "new (place) Foo(1);", "client->sleep(1);",
                           "a.load(std::memory_order_relaxed); std::atomic<int> a;", "fmt::print(file, 1);",
                           "const char* t = \"delete x\";", "entry.TryLock();", "snprintf(b, 1, c);",
                           "using namespace std::string_view_literals;", "std::unique_ptr<Foo> foo(new Foo(1));"],
        "src/ds/a.cc": ["auto* p = new Foo;", "delete p;"],
        "src/main/a.cc": ["printf(\"x\");"],
    }

    def test_bad_lines_fail(self):
        for path, lines in self.BAD.items():
            for line in lines:
                self.assertEqual(len(texts(banned, {path: line + "\n"})), 1, line)

    def test_good_lines_pass(self):
        for path, lines in self.GOOD.items():
            for line in lines:
                self.assertEqual(texts(banned, {path: line + "\n"}), [], line)


class Debt(unittest.TestCase):
    def test_todo_needs_an_issue(self):
        self.assertEqual(len(texts(debt, {"src/ds/a.cc": "// TODO mend\n"})), 1)
        self.assertEqual(len(texts(debt, {"src/ds/a.cc": "// FIX" + "ME\n"})), 1)
        self.assertEqual(texts(debt, {"src/ds/a.cc": "// TODO(#12): mend once 13 is there.\n"}), [])

    def test_many_macros_fail(self):
        self.assertEqual(len(texts(debt, {"src/ds/a.h": "".join(f"#define M{i}(x) x\n" for i in range(30))})), 30)


class Words(unittest.TestCase):
    GLOSSARY = "| word | meaning | second words |\n|---|---|---|\n| **lane** | the one | not: big lock, `SHARD` |\n"

    def test_second_word_fails(self):
        tree = {"ARCHITECTURE.md": self.GLOSSARY, "src/ds/a.h": "// shard\nint big_lock;\n"}
        self.assertEqual(texts(words, tree), ["src/ds/a.h:2: `big_lock`: the house's word is `lane`"])

    def test_lost_glossary_fails(self):
        self.assertEqual(len(texts(words, {"ARCHITECTURE.md": ""})), 1)


class Links(unittest.TestCase):
    def test_dead_links_and_paths_fail(self):
        tree = {"docs/a.md": "[b](b.md) [c](../README.md) `src/ds/x.h` `src/ds` [u](https://example.org)\n",
                "README.md": "", "src/ds/y.h": ""}
        self.assertEqual(len(texts(links, tree)), 2)


if __name__ == "__main__":
    unittest.main()
