#include "platform/atspi/optional/tree_reader.h"

#include <algorithm>

#include "platform/atspi/optional/roles.h"

namespace deskhand {
namespace {

constexpr size_t most_nodes = 4000;      // per application
constexpr int64_t most_children = 1000;  // of one node: a table of a million rows is not listed
constexpr size_t most_applications = 64;
constexpr const char* accessible = "org.a11y.atspi.Accessible";
constexpr const char* properties = "org.freedesktop.DBus.Properties";

BusCall property_of(const std::string& peer, const std::string& path, const char* interface, const char* name) {
  return {peer, path, properties, "Get", {std::string(interface), std::string(name)}};
}

/// A reference (so) to an object: peer and path.
std::pair<std::string, std::string> read_reference(ReplyReader& reader) {
  ReplyReader pair = reader.inside();
  std::string peer = pair.text();
  return {std::move(peer), pair.text()};
}

uint64_t read_states(ReplyReader& reader) {
  ReplyReader words = reader.inside();
  const auto low = static_cast<uint64_t>(words.number()) & 0xffffffff;
  const auto high = static_cast<uint64_t>(words.number()) & 0xffffffff;
  return low | high << 32;
}

/// x, y, width, height as a box; empty for the extents of what is nowhere (−2147483648).
ScreenRect read_extents(const Reply& reply) {
  ReplyReader reader(reply);
  ReplyReader box = reader.inside();
  const int64_t x = box.number(), y = box.number(), width = box.number(), height = box.number();
  constexpr int64_t most = 1 << 20;
  if (x < -most || x > most || y < -most || y > most || width < 1 || height < 1 || width > most || height > most)
    return {};
  return {static_cast<int>(x), static_cast<int>(y), static_cast<int>(x + width), static_cast<int>(y + height)};
}

std::string trimmed(const std::string& text) {
  constexpr std::string_view blanks = " \t\r\n";
  const size_t first = text.find_first_not_of(blanks);
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

bool may_be_in(int pid, std::span<const Window> windows) {
  return std::ranges::any_of(windows, [pid](const Window& w) { return w.pid == pid || w.pid == 0; });
}

}  // namespace

std::vector<AccessibleTree> TreeReader::read(std::span<const Window> windows, Clock::time_point deadline) {
  deadline_ = deadline;
  bus_.forgive();
  std::vector<Application> applications = list_applications(windows);
  read_caches(applications);
  std::vector<Entry> level;
  for (Application& application : applications) {
    level.push_back({&application, application.paths.at(0), -1});
    application.paths.clear();
  }
  while (!level.empty() && Clock::now() < deadline_) {
    read_uncached(level);
    std::vector<NodeRef> nodes;
    std::vector<Entry> unknown;
    while (!level.empty()) {  // as far down as the caches reach, nothing needs to be asked
      const std::vector<NodeRef> added = add_nodes(level);
      level.clear();
      for (Entry& child : cached_children(added)) {
        const bool known = child.application->cache.contains(child.path);
        (known ? level : unknown).push_back(std::move(child));
      }
      nodes.insert(nodes.end(), added.begin(), added.end());
    }
    level = enter(nodes);
    level.insert(level.end(), unknown.begin(), unknown.end());
  }
  read_details(applications);
  std::vector<AccessibleTree> trees;
  for (Application& application : applications) trees.push_back(std::move(application.tree));
  return trees;
}

std::vector<TreeReader::Application> TreeReader::list_applications(std::span<const Window> windows) {
  const std::vector<Reply> roots = bus_.call(
      std::vector<BusCall>{{"org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root", accessible, "GetChildren"}},
      deadline_);
  std::vector<Application> applications;
  std::vector<BusCall> calls;
  ReplyReader reader(roots[0]);
  for (ReplyReader list = reader.inside(); list.more() && applications.size() < most_applications;) {
    const auto [peer, path] = read_reference(list);
    if (peer.empty() || path.empty()) continue;
    Application application;
    application.peer = peer;
    application.paths = {path};
    applications.push_back(std::move(application));
    calls.push_back({DBUS_SERVICE_DBUS, DBUS_PATH_DBUS, DBUS_INTERFACE_DBUS, "GetConnectionUnixProcessID", {peer}});
  }
  const std::vector<Reply> pids = bus_.call(calls, deadline_);
  for (size_t i = 0; i < applications.size(); ++i) {
    applications[i].tree.pid = static_cast<int>(ReplyReader(pids[i]).number());
  }
  std::erase_if(applications, [&](const Application& a) { return !may_be_in(a.tree.pid, windows); });
  return applications;
}

void TreeReader::read_caches(std::vector<Application>& applications) {
  std::vector<BusCall> calls;
  for (const Application& a : applications) {
    calls.push_back({a.peer, "/org/a11y/atspi/cache", "org.a11y.atspi.Cache", "GetItems"});
    calls.push_back(property_of(a.peer, a.paths[0], "org.a11y.atspi.Application", "ToolkitName"));
  }
  const std::vector<Reply> replies = bus_.call(calls, deadline_);
  for (size_t i = 0; i < applications.size(); ++i) {
    parse_cache(applications[i], replies[2 * i]);
    ReplyReader reader(replies[2 * i + 1]);
    applications[i].toolkit = reader.inside().text();
  }
}

/// Two layouts are in use: (self, application, parent, index, child count, …) and the older (…, parent, children, …).
void TreeReader::parse_cache(Application& application, const Reply& reply) {
  ReplyReader reader(reply);
  std::vector<std::pair<int64_t, std::string>> by_index;
  for (ReplyReader list = reader.inside(); list.more();) {
    ReplyReader entry = list.inside();
    const auto [peer, path] = read_reference(entry);
    entry.skip();  // the application
    Item item;
    item.parent = read_reference(entry).second;
    int64_t index = -1;
    if (entry.at(DBUS_TYPE_ARRAY)) {
      for (ReplyReader children = entry.inside(); children.more();) {
        item.children.push_back(read_reference(children).second);
      }
    } else {
      index = entry.number();
      item.child_count = entry.number();
    }
    entry.skip();  // interfaces
    item.name = entry.text();
    item.role = entry.number();
    item.description = entry.text();
    item.states = read_states(entry);
    if (peer != application.peer || path.empty()) continue;
    if (item.child_count >= 0) by_index.emplace_back(index, path);
    application.cache[path] = std::move(item);
  }
  std::ranges::sort(by_index);
  for (const auto& [index, path] : by_index) {
    const auto parent = application.cache.find(application.cache[path].parent);
    if (parent != application.cache.end() && parent->first != path) parent->second.children.push_back(path);
  }
  for (auto& [path, item] : application.cache) {
    if (item.child_count == static_cast<int64_t>(item.children.size())) item.child_count = -1;
  }
}

void TreeReader::read_uncached(std::span<const Entry> level) {
  std::vector<BusCall> calls;
  std::vector<const Entry*> entries;
  for (const Entry& e : level) {
    if (e.application->cache.contains(e.path)) continue;
    const std::string& peer = e.application->peer;
    calls.push_back({peer, e.path, accessible, "GetRole"});
    calls.push_back({peer, e.path, accessible, "GetState"});
    calls.push_back(property_of(peer, e.path, accessible, "Name"));
    calls.push_back(property_of(peer, e.path, accessible, "ChildCount"));
    entries.push_back(&e);
  }
  const std::vector<Reply> replies = bus_.call(calls, deadline_);
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto reader = [&](size_t k) { return ReplyReader(replies[4 * i + k]); };
    Item item;
    item.role = reader(0).number();
    ReplyReader states = reader(1);
    item.states = read_states(states);
    item.name = reader(2).inside().text();
    item.child_count = reader(3).inside().number();
    entries[i]->application->cache[entries[i]->path] = std::move(item);
  }
}

std::vector<TreeReader::NodeRef> TreeReader::add_nodes(std::span<const Entry> level) {
  std::vector<NodeRef> added;
  for (const Entry& e : level) {
    AccessibleTree& tree = e.application->tree;
    if (tree.nodes.size() >= most_nodes) continue;
    const Item& item = e.application->cache[e.path];
    AccessibleNode node;
    node.parent = e.parent;
    apply_role(node, item.role, item.states);
    node.name = trimmed(item.name);
    node.description = trimmed(item.description);
    if (e.parent < 0) node.kind = NodeKind::application;
    added.push_back({e.application, static_cast<int>(tree.nodes.size())});
    tree.nodes.push_back(std::move(node));
    e.application->paths.push_back(e.path);
  }
  return added;
}

/// Only what is showing is entered, and combo boxes, whose items tell their value.
bool TreeReader::is_entered(const NodeRef& ref) {
  const AccessibleNode& node = ref.get();
  const AccessibleNode* parent = node.parent >= 0 ? &ref.application->tree.nodes[node.parent] : nullptr;
  return node.showing || node.kind == NodeKind::application || node.role == Role::combo_box ||
         (parent != nullptr && parent->role == Role::combo_box);
}

std::vector<TreeReader::Entry> TreeReader::cached_children(std::span<const NodeRef> nodes) {
  std::vector<Entry> next;
  for (const NodeRef& ref : nodes) {
    const Item& item = ref.application->cache[ref.path()];
    if (item.child_count >= 0 || !is_entered(ref)) continue;
    for (const std::string& child : item.children) next.push_back({ref.application, child, ref.node});
  }
  return next;
}

/// Reads the boxes of what is showing, and returns those children that the caches did not know.
std::vector<TreeReader::Entry> TreeReader::enter(std::span<const NodeRef> nodes) {
  std::vector<NodeRef> boxed, listed;
  for (const NodeRef& ref : nodes) {
    const AccessibleNode& node = ref.get();
    if (!is_entered(ref)) continue;
    if (node.kind != NodeKind::application && node.showing) boxed.push_back(ref);
    const int64_t children = ref.application->cache[ref.path()].child_count;
    if (children > 0 && children <= most_children) listed.push_back(ref);
  }
  std::vector<BusCall> calls;
  for (const NodeRef& ref : boxed) {
    calls.push_back({ref.application->peer, ref.path(), "org.a11y.atspi.Component", "GetExtents", {uint32_t{0}}});
  }
  for (const NodeRef& ref : listed) calls.push_back({ref.application->peer, ref.path(), accessible, "GetChildren"});
  const std::vector<Reply> replies = bus_.call(calls, deadline_);
  for (size_t i = 0; i < boxed.size(); ++i) boxed[i].get().box = read_extents(replies[i]);
  std::vector<Entry> next;
  for (size_t i = 0; i < listed.size(); ++i) {
    ReplyReader reader(replies[boxed.size() + i]);
    for (ReplyReader list = reader.inside(); list.more();) {
      const auto [peer, path] = read_reference(list);
      if (peer == listed[i].application->peer) next.push_back({listed[i].application, path, listed[i].node});
    }
  }
  return next;
}

}  // namespace deskhand
