#pragma once
#include "lib/Support/Diagnostics.h"
#include <CLI/CLI.hpp>

/// ` did you mean ...?`, or nothing.
inline std::string meant(const std::string &word, const std::vector<std::string> &candidates) {
  std::string near = tds::nearest(word, candidates);
  return near.empty() ? "" : "; did you mean `" + near + "`?";
}

/// The options of a verb, `--device`.
inline std::vector<std::string> optionsOf(const CLI::App &verb) {
  std::vector<std::string> names;
  for (const CLI::Option *option : verb.get_options())
    for (const std::string &name : option->get_lnames())
      names.push_back("--" + name);
  return names;
}

/// What stands behind a `--`, which ends the command line.
inline std::vector<std::string> cutAtDashes(int &argc, char **argv) {
  char **end = argv + argc, **dashes = std::find(argv, end, std::string_view("--"));
  argc = int(dashes - argv);
  return {dashes == end ? end : dashes + 1, end};
}

/// `n=64`; false if it is not that.
inline bool readSize(const std::string &text, std::map<std::string, int64_t> &sizes) {
  size_t sign = text.find('=');
  int64_t value = 0;
  if (sign == std::string::npos || !CLI::detail::lexical_cast(text.substr(sign + 1), value) || value < 0)
    return false;
  sizes[text.substr(0, sign)] = value;
  return true;
}

/// The first word of a command line that means nothing, and what it may be meant for; empty if each means something.
inline std::string wrongWord(CLI::App &app, const std::vector<std::string> &words) {
  std::vector<std::string> verbs;
  for (const CLI::App *verb : app.get_subcommands([](CLI::App *) { return true; }))
    verbs.push_back(verb->get_name());
  const CLI::App *verb = &app;
  for (const std::string &word : words) {
    if (word.starts_with("--")) {
      std::string name = word.substr(0, word.find('='));
      std::vector<std::string> known = optionsOf(*verb);
      if (std::find(known.begin(), known.end(), name) == known.end())
        return (verb == &app ? "there is no option `" : "`tdslc " + verb->get_name() + "` has no option `") + name +
               "`" + meant(name, known);
    } else if (verb == &app) {
      if (std::find(verbs.begin(), verbs.end(), word) == verbs.end())
        return "there is no verb `" + word + "`" +
               (word.ends_with(".tds") ? "; write `tdslc run " + word + "`" : meant(word, verbs));
      verb = app.get_subcommand(word);
    }
  }
  return "";
}

/// What `tdslc run` lacks if the first of its words is no file.
inline std::string noFile(const std::vector<std::string> &words, const CLI::App &run) {
  if (words.empty())
    return "run what? tdslc run FILE";
  if (!words[0].starts_with("-"))
    return "";
  return "run what? tdslc run FILE; there is no option " + words[0] + meant(words[0], optionsOf(run));
}
