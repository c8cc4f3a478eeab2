#include "lib/Engine/Workspace.h"
#include "runtime/abi/abi.h"
#include "llvm/Support/Casting.h"
#include <bit>
#include <cctype>
#include <charconv>

using namespace tds;
using namespace tds::engine;

//===--- Engines -------------------------------------------------------------------------------------------------===//

EngineImpl::EngineImpl() = default;
EngineImpl::~EngineImpl() = default;

Place::~Place() = default;

Place::BackendUse Place::useBackend() {
  std::unique_lock lock(mutex);
  if (!backend)
    backend = std::make_unique<Backend>(device->target(), memoryLimit);
  return {std::move(lock), *backend};
}

/// 1 of "cuda:1", 0 of "cuda".
static std::optional<int> gpuNumber(std::string_view name) {
  int number = 0;
  if (!name.starts_with("cuda"))
    return std::nullopt;
  name.remove_prefix(4);
  if (name.empty())
    return 0;
  const char *end = name.data() + name.size();
  auto [last, error] = std::from_chars(name.data() + 1, end, number);
  bool whole = name[0] == ':' && error == std::errc() && last == end && number >= 0;
  return whole ? std::optional(number) : std::nullopt;
}

Result<std::shared_ptr<EngineImpl>> EngineImpl::create(Options options) {
  auto impl = std::make_shared<EngineImpl>();
  for (const std::filesystem::path &library : options.libraries)
    if (Status opened = impl->hosts.open(library); !opened)
      return opened.takeError();
  if (options.cache && !options.cache->empty())
    impl->cache = std::make_unique<CodeCache>(*options.cache, options.cacheBytes);
  impl->options = std::move(options);
  auto home = impl->place(impl->options.device == "auto" ? "cpu" : impl->options.device);
  if (!home)
    return home.takeError();
  impl->home = *home;
  return impl;
}

Result<Place *> EngineImpl::place(const std::string &name) {
  std::optional<int> gpu = gpuNumber(name);
  if (name != "cpu" && !gpu)
    return Error{"E0505", "there is no device `" + name + "`", {}, {}, {"devices: auto, cpu, cuda, cuda:1"}};
  std::lock_guard lock(placesMutex);
  std::unique_ptr<Place> &found = places[gpu ? "cuda:" + std::to_string(*gpu) : name];
  if (found)
    return found.get();
  int64_t workers = int64_t(options.threads);
  Result<std::unique_ptr<rt::Device>> device = gpu ? rt::createCudaDevice(*gpu, workers) : rt::createCpuDevice(workers);
  if (!device)
    return device.takeError();
  auto place = std::make_unique<Place>(options.memoryLimit);
  place->device = device.take();
  place->target = Backend::machine() + "\n" + buildId() + "\n" + std::to_string(TDS_ABI_VERSION) + "\n" + place->device->name() + " " +
                  place->device->target() + (Backend::carriesBitcode() ? " bitcode" : "");
  if (options.memoryLimit)
    place->target += "\nlimit " + std::to_string(options.memoryLimit);
  found = std::move(place);
  return found.get();
}

//===--- Programs ------------------------------------------------------------------------------------------------===//

const sema::Module *Workspace::load(const std::filesystem::path &file) {
  Times::Watch watch(engine->times, Times::read);
  return root = program.load(file);
}

const sema::Module *Workspace::parse(std::string name, std::string text) {
  Times::Watch watch(engine->times, Times::read);
  return root = program.parse(std::move(name), std::move(text));
}

static bool isWord(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

static bool mentions(std::string_view text, std::string_view word) {
  for (size_t at = text.find(word); at != text.npos; at = text.find(word, at + 1))
    if ((at == 0 || !isWord(text[at - 1])) && (at + word.size() == text.size() || !isWord(text[at + word.size()])))
      return true;
  return false;
}

/// The `arg`s that a module's definitions mention: a def sees them, and so does each piece that calls it.
static std::set<std::string> argumentsOfDefinitions(const sema::Program &program, const sema::Module &module) {
  std::set<std::string> used;
  for (auto &[name, text] : program.arguments)
    for (const ast::ItemPtr &item : module.file->items) {
      bool script = item->kind == ast::Item::StmtK || item->kind == ast::Item::TestK;
      auto *constant = llvm::dyn_cast<ast::ConstItem>(item.get());
      if (!script && mentions(program.sources().text(constant ? constant->value->range : item->range), name))
        used.insert(name);
    }
  return used;
}

/// Everything that machine code depends on, but the compiler's own text, which the build id stands for.
Hash Workspace::keyOf(const Piece &piece) {
  if (!texts) {
    Hasher all;
    const Sources &sources = program.sources();
    for (uint32_t file = 0; file < sources.size(); ++file)
      all.add(sources.text(file));
    texts = all.finish();
    if (root)
      argumentsUsed = argumentsOfDefinitions(program, *root);
  }
  Hasher key;
  key.add(place->target).add(*texts).add(piece.name + (piece.checkGradients ? " checked" : "")).add(piece.inputs.size());
  for (auto &[name, text] : program.arguments)
    if (argumentsUsed.contains(name) || piece.names.contains(name))
      key.add(name).add(text);
  for (const sema::Input &input : piece.inputs) {
    key.add(input.name);
    for (const std::string &source : input.from)
      key.add("from " + source);
    if (!input.known) {
      key.add(typeKey(input.type));
      continue;
    }
    const sema::Value &v = *input.known;
    key.add(v.size     ? "size " + v.size->str()
            : v.truth  ? (*v.truth ? "true" : "false")
            : v.number ? "number " + std::to_string(std::bit_cast<uint64_t>(*v.number))
                       : "text " + v.text);
  }
  return key.finish();
}

std::shared_ptr<const Unit> Workspace::unit(const Piece &piece) {
  Hash key = keyOf(piece);
  {
    std::lock_guard lock(engine->unitsMutex);
    if (auto it = engine->units.find(key); it != engine->units.end())
      return it->second;
  }
  std::shared_ptr<const Unit> made;
  bool cached = engine->cache && !piece.checkGradients;
  if (cached) {
    Times::Watch watch(engine->times, Times::cache);
    if (auto bytes = engine->cache->load(key))
      if (auto unit = Unit::deserialise(*bytes); unit && (!unit->wanted.empty() || Backend::load(*unit, *place->device)))
        made = std::make_shared<const Unit>(std::move(*unit));
  }
  if (!made) {
    made = make(piece);
    if (made && cached) {
      Times::Watch watch(engine->times, Times::cache);
      engine->cache->store(key, made->serialise());
    }
  }
  if (!made)
    return nullptr;
  std::lock_guard lock(engine->unitsMutex);
  return engine->units.try_emplace(key, std::move(made)).first->second;
}

static uint64_t bytesOf(const graph::Leaf &leaf) {
  uint64_t bytes = uint64_t(elementSize(leaf.element));
  for (const Dim &d : leaf.shape)
    bytes *= uint64_t(d.constant().value_or(0));
  return bytes;
}

std::shared_ptr<const Unit> Workspace::make(const Piece &piece) {
  std::optional<sema::Instance> instance;
  {
    Times::Watch watch(engine->times, Times::elaborate);
    instance = piece.elaborate(program, piece.inputs);
  }
  if (!instance)
    return nullptr;
  Unit unit;
  if (!instance->function) {
    unit.wanted = std::move(instance->wanted);
    return std::make_shared<const Unit>(std::move(unit));
  }
  if (sema::leaves(instance->result, "").size() != instance->function->results.size()) {
    program.diagnostics().error(Code::E0202, piece.range,
                                "a string is for printing and file names; it can't be part of a tuple or record");
    return nullptr;
  }
  // A leaf of the inputs goes by its path: the code takes those that are read.
  struct Position {
    uint32_t leaf, input;
  };
  std::unordered_map<std::string, Position> positions;
  for (uint32_t i = 0; i < piece.inputs.size(); ++i)
    if (const sema::Input &input = piece.inputs[i]; !input.known)
      for (const sema::TypeLeaf &leaf : sema::leaves(input.type, input.name))
        positions.emplace(leaf.path, Position{uint32_t(positions.size()), i});
  {
    Times::Watch watch(engine->times, Times::compile);
    instance->function->name = "entry"; // what the loader looks for, whatever the def is called
    std::optional<Unit> compiled = place->useBackend()->compile(*instance->function, piece, program);
    if (!compiled)
      return nullptr;
    unit = std::move(*compiled);
  }
  std::vector<uint32_t> inputs; // of the parameters
  for (const graph::Leaf &leaf : instance->function->params) {
    Position position = positions.at(leaf.path);
    unit.reads.push_back(position.leaf);
    unit.readBytes.push_back(bytesOf(leaf));
    inputs.push_back(position.input);
  }
  for (const std::vector<uint32_t> &params : graph::dependence(*instance->function)) {
    std::set<uint32_t> found;
    for (uint32_t param : params)
      found.insert(inputs[param]);
    unit.depends.emplace_back(found.begin(), found.end());
  }
  unit.result = std::make_shared<sema::Type>(std::move(instance->result));
  Times::Watch watch(engine->times, Times::load);
  if (Status loaded = Backend::load(unit, *place->device); !loaded) {
    const Error &error = loaded.error();
    auto &d = program.diagnostics().error(error.code == codeName(Code::E0709) ? Code::E0709 : Code::E0902, piece.range, error.message);
    for (const std::string &help : error.help)
      d.help(help);
    return nullptr;
  }
  return std::make_shared<const Unit>(std::move(unit));
}

//===--- Errors --------------------------------------------------------------------------------------------------===//

Error engine::takeError(sema::Program &program) {
  Diagnostics &diagnostics = program.diagnostics();
  Error error{"E0902", "something failed and gave no reason", {}, {}, {}};
  for (const Diagnostic &d : diagnostics.all())
    if (d.severity == Severity::error) {
      error = toError(d, diagnostics.getSources());
      break;
    }
  diagnostics.clear();
  return error;
}

Error engine::callError(Error error, const Unit &unit, const tds_error &check, const Sources &sources) {
  if (check.code == TDS_FINE || check.place < 0 || size_t(check.place) >= unit.places.size())
    return error;
  Range range = unit.places[size_t(check.place)];
  if (range.file == 0 || range.file >= sources.size())
    return error;
  Position at = sources.position(range.file, range.begin);
  error.range = {std::string(sources.name(range.file)), at.line, at.column, range.end - range.begin};
  return error;
}
