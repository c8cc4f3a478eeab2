#include "lib/Syntax/Layout.h"
#include <algorithm>

namespace tds::syntax {

namespace {
constexpr unsigned indentWidth = 2;

long columns(std::string_view text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; });
}
} // namespace

Layout::Id Layout::add(Kind kind, bool hard, std::string_view text, std::vector<Id> parts) {
  for (Id part : parts)
    hard |= nodes[part].hard;
  nodes.push_back({kind, hard, std::string(text), std::move(parts)});
  return Id(nodes.size() - 1);
}

Layout::Id Layout::text(std::string_view text) {
  return add(textK, text.find('\n') != std::string_view::npos, text, {});
}
Layout::Id Layout::line(std::string_view flat) { return add(lineK, false, flat, {}); }
Layout::Id Layout::hardLine() { return add(hardLineK, true, {}, {}); }
Layout::Id Layout::suffix(std::string_view text) { return add(suffixK, true, text, {}); }
Layout::Id Layout::concat(std::vector<Id> parts) { return add(concatK, false, {}, std::move(parts)); }
Layout::Id Layout::nest(Id part) { return add(nestK, false, {}, {part}); }
Layout::Id Layout::group(Id part) { return add(groupK, false, {}, {part}); }
Layout::Id Layout::broken(Id part) { return add(groupK, true, {}, {part}); }

/// Whether `first` and what follows it up to the next place for a break go into `room` columns.
bool Layout::fits(const std::vector<Command> &rest, Command first, long room) const {
  std::vector<Command> stack{first};
  size_t below = rest.size();
  while (room >= 0) {
    if (stack.empty()) {
      if (below == 0)
        return true;
      stack.push_back(rest[--below]);
    }
    Command command = stack.back();
    stack.pop_back();
    const Node &node = nodes[command.id];
    switch (node.kind) {
    case textK: {
      size_t newline = node.text.find('\n');
      room -= columns(std::string_view(node.text).substr(0, newline));
      if (newline != std::string::npos)
        return room >= 0;
      break;
    }
    case lineK:
      if (!command.flat)
        return true;
      room -= columns(node.text);
      break;
    case hardLineK:
      return true;
    case suffixK:
      break;
    case concatK:
    case nestK:
    case groupK:
      for (auto part = node.parts.rbegin(); part != node.parts.rend(); ++part)
        stack.push_back({*part, command.indent, command.flat});
      break;
    }
  }
  return false;
}

std::string Layout::render(Id id, unsigned width) const {
  std::string out;
  long column = 0;
  bool atLineStart = false;
  unsigned pending = 0;
  auto write = [&](std::string_view text) {
    if (text.empty())
      return;
    if (atLineStart)
      out.append(pending, ' ');
    atLineStart = false;
    out += text;
    size_t newline = text.rfind('\n');
    column = newline == std::string_view::npos ? column + columns(text) : columns(text.substr(newline + 1));
  };
  auto breakLine = [&](unsigned indent) {
    out += '\n';
    column = pending = indent;
    atLineStart = true;
  };
  std::vector<Command> stack{{id, 0, false}};
  while (!stack.empty()) {
    Command command = stack.back();
    stack.pop_back();
    const Node &node = nodes[command.id];
    switch (node.kind) {
    case textK:
    case suffixK:
      write(node.text);
      break;
    case lineK:
      if (command.flat)
        write(node.text);
      else
        breakLine(command.indent);
      break;
    case hardLineK:
      breakLine(command.indent);
      break;
    case concatK:
      for (auto part = node.parts.rbegin(); part != node.parts.rend(); ++part)
        stack.push_back({*part, command.indent, command.flat});
      break;
    case nestK:
      stack.push_back({node.parts[0], command.indent + indentWidth, command.flat});
      break;
    case groupK: {
      Command inside{node.parts[0], command.indent, true};
      inside.flat = !node.hard && (command.flat || fits(stack, inside, long(width) - column));
      stack.push_back(inside);
      break;
    }
    }
  }
  return out;
}

} // namespace tds::syntax
