#include "lib/Support/Source.h"
#include "llvm/Support/ConvertUTF.h"
#include <algorithm>

namespace tds {

size_t utf8Length(std::string_view text, size_t at) {
  auto *begin = reinterpret_cast<const llvm::UTF8 *>(text.data()) + at;
  size_t length = llvm::getNumBytesForUTF8(*begin);
  return length <= text.size() - at && llvm::isLegalUTF8Sequence(begin, begin + length) ? length : 0;
}

Sources::Sources() { add("<none>", ""); }

uint32_t Sources::add(std::string name, std::string text) {
  File file{std::move(name), std::move(text), {0}};
  for (size_t at = file.text.find('\n'); at != std::string::npos; at = file.text.find('\n', at + 1))
    file.lineStarts.push_back(uint32_t(at + 1));
  files.push_back(std::move(file));
  return uint32_t(files.size() - 1);
}

Position Sources::position(uint32_t file, uint32_t offset) const {
  const auto &starts = files[file].lineStarts;
  auto next = std::upper_bound(starts.begin(), starts.end(), offset);
  return {uint32_t(next - starts.begin()), offset - *(next - 1) + 1};
}

std::string_view Sources::line(uint32_t file, uint32_t offset) const {
  const File &source = files[file];
  uint32_t number = position(file, offset).line;
  uint32_t begin = source.lineStarts[number - 1];
  uint32_t end = number < source.lineStarts.size() ? source.lineStarts[number] - 1 : uint32_t(source.text.size());
  if (end > begin && source.text[end - 1] == '\r')
    --end;
  return std::string_view(source.text).substr(begin, end - begin);
}

} // namespace tds
