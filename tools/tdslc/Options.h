// Options that several verbs have.
#pragma once
#include <CLI/CLI.hpp>
#include <tds/tools.h>

/// "2GiB" and "500000000"; false if it is neither.
inline bool readBytes(const std::string &text, uint64_t &bytes) {
  for (auto [unit, shift] : {std::pair("KiB", 10), {"MiB", 20}, {"GiB", 30}, {"TiB", 40}, {"", 0}})
    if (text.ends_with(unit)) {
      std::string number = text.substr(0, text.size() - std::string_view(unit).size());
      double value = 0;
      if (!CLI::detail::lexical_cast(number, value) || !(value >= 1) || value >= 9e18 / double(uint64_t(1) << shift))
        return false;
      bytes = uint64_t(value * double(uint64_t(1) << shift));
      return true;
    }
  return false;
}

inline void addLimit(CLI::App &verb, std::string &limit) {
  verb.add_option("--memory-limit", limit,
                  "2GiB: derivatives compute again what keeps a call, with arguments and results, from staying below");
}

inline void addEngine(CLI::App &verb, tds::Options &options, bool &noCache, std::string &cache) {
  verb.add_option("--device", options.device, "auto, cpu or cuda")->capture_default_str();
  verb.add_option("--threads", options.threads, "threads to compute with; 0: one a core")->capture_default_str();
  verb.add_flag("--no-cache", noCache, "compile everything anew, keep nothing");
  verb.add_option("--library", options.libraries, "a shared library of `extern def`s")->allow_extra_args(false);
  verb.add_option("--cache", cache, "folder of compiled code (default: " + tds::tools::defaultCache().string() + ")");
}

/// Which def a verb is about.
inline void addDef(CLI::App &verb, tds::tools::EmitOptions &options, std::vector<std::string> &sizes) {
  verb.add_option("--fn", options.function, "the def; not needed if there is one alone");
  verb.add_option("--grad", options.gradient, "its derivative by these parameters: p, or w,b");
  verb.add_option("--size", sizes, "n=64: a size; others stay open")->take_all();
}
