"""Shows that the floor check finds each kind of trespass, and lets pass what is allowed."""

import pathlib
import tempfile
import unittest

import floors


def found_in(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return floors.check(folder)


class FloorCheck(unittest.TestCase):
    def refused(self, file, text, words):
        found = found_in({file: text})
        self.assertEqual(len(found), 1, found)
        self.assertIn(words, found[0])
        self.assertTrue(found[0].startswith(file + ":"), found[0])

    def allowed(self, file, text):
        self.assertEqual(found_in({file: text}), [])

    def test_a_lower_floor_may_not_include_a_higher_one(self):
        self.refused("events/a.h", '#include "storage/store.h"\n', "higher floor")
        self.refused("storage/a.cpp", '#include "projections/access.h"\n', "higher floor")
        self.refused("projections/a.cpp", '#include "../services/http/server.h"\n', "higher floor")
        self.refused("services/a.cpp", "#include <tools/tenure/options.h>\n", "higher floor")

    def test_its_own_floor_and_lower_ones_are_open(self):
        self.allowed("storage/a.cpp", '#include "events/ids.h"\n#include "storage/store.h"\n')
        self.allowed("services/a.cpp", '#include "projections/access.h"\n#include <boost/asio.hpp>\n')
        self.allowed("tests/storage/a.cpp", '#include "services/http/server.h"\n')

    def test_the_program_does_not_include_tests(self):
        self.refused("storage/a.cpp", '#include "tests/catch.h"\n', "tests are no part")

    def test_rocksdb_is_known_to_its_folder_only(self):
        self.refused("storage/a.cpp", "#include <rocksdb/db.h>\n", "storage/rocks/")
        self.refused("tools/tenure/serve.cpp", "#include <rocksdb/db.h>\n", "storage/rocks/")
        self.allowed("storage/rocks/a.cpp", "#include <rocksdb/db.h>\n")

    def test_no_event_loop_and_no_sockets_below_services(self):
        self.refused("projections/a.cpp", "#include <boost/asio/io_context.hpp>\n", "event loop")
        self.refused("storage/a.cpp", "#include <sys/socket.h>\n", "event loop")
        self.refused("events/wire/a.cpp", "#  include <boost/beast.hpp>\n", "event loop")

    def test_events_has_no_clock_thread_randomness_or_file(self):
        for header in ("thread", "mutex", "random", "fstream", "iostream", "openssl/rand.h", "sys/stat.h"):
            self.refused("events/a.cpp", f"#include <{header}>\n", "events/ has no")
        self.refused("events/a.cpp", "auto t = std::chrono::system_clock::now();\n", "events/ has no")
        self.allowed("events/a.cpp", "#include <chrono>\n// the caller passes the clock::now() it saw\n")
        self.allowed("storage/a.cpp", "#include <mutex>\nauto t = clock::now();\n")

    def test_the_whole_json_header_stays_in_few_files(self):
        self.refused("services/orgs.cpp", "#include <nlohmann/json.hpp>\n", "json_fwd.hpp")
        self.refused("events/model/model.h", "#include <nlohmann/json.hpp>\n", "json_fwd.hpp")
        self.allowed("events/model/model_json.cpp", "#include <nlohmann/json.hpp>\n")
        self.allowed("events/wire/record.cpp", "#include <nlohmann/json.hpp>\n")
        self.allowed("services/orgs.h", "#include <nlohmann/json_fwd.hpp>\n")

    def test_asio_and_rocksdb_never_meet(self):
        both = "#include <boost/asio.hpp>\n#include <rocksdb/db.h>\n"
        self.refused("tools/measure/a.cpp", both, "never meet")


if __name__ == "__main__":
    unittest.main()
