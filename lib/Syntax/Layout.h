#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tds::syntax {

/// Text with places where a line may break, after Wadler's "A prettier printer": a group is written on one line if it
/// fits, else each of its own breaks starts a new line.
class Layout {
public:
  using Id = uint32_t;

  Id text(std::string_view text);
  /// `flat` on one line, else a new line.
  Id line(std::string_view flat);
  Id hardLine();
  /// Text at the end of a line that counts for no width: a comment.
  Id suffix(std::string_view text);
  Id concat(std::vector<Id> parts);
  Id nest(Id part);
  Id group(Id part);
  /// A group that is never on one line.
  Id broken(Id part);
  /// Whether it holds a line break whatever the width; groups around it then break.
  bool isHard(Id id) const { return nodes[id].hard; }

  std::string render(Id id, unsigned width) const;

private:
  enum Kind : uint8_t { textK, lineK, hardLineK, suffixK, concatK, nestK, groupK };
  struct Node {
    Kind kind;
    bool hard;
    std::string text;
    std::vector<Id> parts;
  };
  struct Command {
    Id id;
    unsigned indent;
    bool flat;
  };
  Id add(Kind kind, bool hard, std::string_view text, std::vector<Id> parts);
  bool fits(const std::vector<Command> &rest, Command first, long room) const;

  std::vector<Node> nodes;
};

} // namespace tds::syntax
