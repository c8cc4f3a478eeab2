#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tds {

/// A half-open byte range of one source file.
struct Range {
  uint32_t file = 0, begin = 0, end = 0;
  bool operator==(const Range &) const = default;
};

/// From the beginning of the first to the end of the second; both of one file.
inline Range join(Range a, Range b) { return {a.file, a.begin, b.end}; }

struct Position {
  uint32_t line = 1, column = 1; ///< both from 1; the column counts bytes
};

/// Bytes of the UTF-8 character at `at`, 0 if there is none.
size_t utf8Length(std::string_view text, size_t at);

/// The texts of one compilation. File 0 is always `<none>`, empty: the place of what has none.
class Sources {
public:
  Sources();
  uint32_t add(std::string name, std::string text);
  std::string_view name(uint32_t file) const { return files[file].name; }
  std::string_view text(uint32_t file) const { return files[file].text; }
  std::string_view text(Range range) const { return text(range.file).substr(range.begin, range.end - range.begin); }
  Position position(uint32_t file, uint32_t offset) const;
  /// The whole line that holds the offset, without its newline.
  std::string_view line(uint32_t file, uint32_t offset) const;
  uint32_t size() const { return uint32_t(files.size()); }

private:
  struct File {
    std::string name, text;
    std::vector<uint32_t> lineStarts;
  };
  std::vector<File> files;
};

} // namespace tds
