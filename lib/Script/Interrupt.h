#pragma once
#include <string>

namespace tds::script {

struct Whereabouts;

/// While it lives, Ctrl-C ends the run of a script: between two statements, or after a second wherever compiled code is
/// then. Not where the process ignores Ctrl-C. One at a time: signals belong to the process.
class Interrupt {
public:
  Interrupt(std::string file, const Whereabouts &where);
  ~Interrupt();
  Interrupt(const Interrupt &) = delete;

  /// Whether Ctrl-C has come: what runs is to end.
  static bool came();
  /// Says where the run was.
  void report(const std::string &where) const;

  /// While it lives, nothing ends the process by force but a second Ctrl-C: a file is being written.
  class Hold {
  public:
    Hold();
    ~Hold();
    Hold(const Hold &) = delete;
  };

private:
  std::string file;
  bool installed = false;
};

} // namespace tds::script
